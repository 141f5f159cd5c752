// The one box for words, a picture, or both.

import { button, icon, make } from "./dom.js";
import { pictureOf, upload } from "./server.js";
import { language, say } from "./words.js";

const LARGEST = 50_000_000; // bytes; the server refuses more

export class SearchBox {
    /** `actions` holds asked(), which the box calls when it is to be answered, and refused(error). */
    constructor(query, actions) {
        this.query = query;
        this.actions = actions;
        this.words = make("input", {
            id: "mm-words", type: "text", enterkeyhint: "search", autocomplete: "off", spellcheck: "false",
            maxlength: 2000, placeholder: say("words_hint"), "aria-label": say("words"), oninput: () => this.refresh(),
        });
        this.words.value = query.words;
        this.file = make("input", { type: "file", accept: "image/*", hidden: true, id: "mm-file", onchange: () => this.choose() });
        this.chip = make("span", { class: "mm-chip-place" });
        this.clear = button({ sign: "close", label: say("clear"), class: "mm-round mm-clear", onclick: () => this.empty() });
        this.element = make(
            "form",
            { class: "mm-box", role: "search", "aria-label": say("search"), onsubmit: (event) => this.submit(event) },
            icon("search"), this.chip, this.words, this.clear,
            button({ sign: "picture", label: say("choose_picture"), class: "mm-round", onclick: () => this.file.click() }),
            this.file,
            make("button", { type: "submit", class: "mm-button mm-strong" }, say("search")),
        );
        this.refresh();
    }

    /** Show what the query holds now. */
    refresh() {
        const { picture, like } = this.query;
        const shown = picture
            ? { src: picture.url, name: picture.name }
            : like && { src: pictureOf(like, "small"), name: like.names?.[language()] ?? "" };
        this.chip.replaceChildren(...(shown ? [this.chipOf(shown)] : []));
        this.clear.hidden = !this.words.value && !shown;
        this.words.placeholder = say(shown ? "words_with_picture" : "words_hint");
    }

    chipOf({ src, name }) {
        const image = make("img", { src, alt: name || say("picture") });
        image.addEventListener("error", () => image.replaceWith(icon("picture"))); // not a picture that browsers know
        return make(
            "span",
            { class: "mm-chip" },
            image,
            button({ sign: "close", label: say("remove_picture"), onclick: () => this.dropPicture() }),
        );
    }

    submit(event) {
        event.preventDefault();
        this.query.words = this.words.value.trim();
        if (this.query.words) this.query.like = null; // words start anew from a picture of the gallery
        this.refresh();
        this.actions.asked();
    }

    empty() {
        this.words.value = "";
        this.words.focus();
        Object.assign(this.query, { words: "", picture: null, like: null });
        this.refresh();
        this.actions.asked();
    }

    dropPicture() {
        Object.assign(this.query, { picture: null, like: null, words: this.words.value.trim() });
        this.refresh();
        this.words.focus();
        this.actions.asked();
    }

    choose() {
        const [file] = this.file.files;
        this.file.value = ""; // so that the same file can be chosen again
        if (file) this.take(file);
    }

    /** Search by a picture that was chosen, dropped or pasted, together with the words that are there. */
    async take(file) {
        if (file.size > LARGEST) {
            this.actions.refused(Object.assign(new Error(say("picture_too_large")), { kind: "TooLarge" }));
            return;
        }
        this.element.classList.add("mm-busy");
        try {
            const [sent] = await upload([file]);
            const picture = { sent, name: file.name, url: URL.createObjectURL(file) };
            Object.assign(this.query, { picture, like: null, words: this.words.value.trim() });
            this.refresh();
            this.actions.asked();
        } catch (error) {
            this.actions.refused(error);
        } finally {
            this.element.classList.remove("mm-busy");
        }
    }
}

/** Let a picture be dropped or pasted anywhere on the page; `taken` is called with its file. */
export function catchPictures(taken) {
    const veil = make("div", { class: "mm-veil", hidden: true }, icon("picture"), make("p", {}, say("drop_here")));
    document.body.append(veil);
    let depth = 0; // of elements that the pointer entered, each of which it leaves again
    const show = (by) => {
        depth = Math.max(depth + by, 0);
        veil.hidden = depth === 0;
    };
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    const caught = (files) => [...(files ?? [])].find((file) => file.type.startsWith("image/"));
    document.addEventListener("dragenter", (event) => carries(event) && show(1));
    document.addEventListener("dragleave", (event) => carries(event) && show(-1));
    document.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
        show(-Infinity);
        if (!carries(event) || event.target.closest?.(".mm-drop")) return; // the Index page has a place of its own
        event.preventDefault();
        const file = caught(event.dataTransfer.files) ?? event.dataTransfer.files[0];
        if (file) taken(file);
    });
    document.addEventListener("paste", (event) => {
        const file = caught(event.clipboardData?.files);
        if (!file) return;
        event.preventDefault();
        taken(file);
    });
    return () => (veil.querySelector("p").textContent = say("drop_here"));
}
