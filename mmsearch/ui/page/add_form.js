// Adds pictures: a folder of the machine that runs the app, or files from the visitor's own.

import { button, icon, make } from "./dom.js";
import { upload } from "./server.js";
import { number, say, size } from "./words.js";

const MOST_FILES = 500;
const MOST_BYTES = 1_000_000_000; // of one upload; the server counts again
const LARGEST = 50_000_000; // bytes of one file
const KINDS = [".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".txt", ".jsonl", ".csv"];
const BATCH = 20; // files in one request

export class AddForm {
    /** `begin` starts a run: begin(endpoint, ...given). */
    constructor(rights, begin) {
        this.rights = rights;
        this.begin = begin;
        this.files = [];
        this.note = make("p", { class: "mm-note", role: "status" });
        this.collection = field("index_into", { id: "mm-into", value: "library", maxlength: 100, required: true });
        this.element = make(
            "div",
            { class: "mm-add" },
            make("p", { class: "mm-quiet" }, say("index_help")),
            rights.closed_by && make("p", { class: "mm-closed" }, say(rights.closed_by)),
            (rights.folders || rights.uploads) && make("div", { class: "mm-into" }, this.collection),
            make("div", { class: "mm-ways" }, rights.folders && this.folderWay(), rights.uploads && this.uploadWay()),
        );
    }

    folderWay() {
        const roots = this.rights.roots;
        const folder = field("folder", { id: "mm-folder", placeholder: say("folder_hint"), value: roots[0] ?? "", list: "mm-roots" });
        const include = field("include", { placeholder: say("include_hint") });
        const exclude = field("exclude", { placeholder: say("exclude_hint") });
        const values = () => [folder, this.collection, include, exclude].map((one) => one.querySelector("input").value);
        return make(
            "form",
            { class: "mm-way", onsubmit: (event) => { event.preventDefault(); this.begin("index_folder", ...values()); } },
            make("h2", {}, icon("folder"), say("way_folder")),
            folder,
            make("datalist", { id: "mm-roots" }, roots.map((root) => make("option", { value: root }))),
            roots.length > 0 && make("p", { class: "mm-quiet" }, say("roots_only", { roots: roots.join(", ") })),
            make("details", {}, make("summary", {}, say("patterns")), include, exclude),
            make("button", { type: "submit", id: "mm-start", class: "mm-button mm-strong" }, say("start")),
        );
    }

    uploadWay() {
        const input = make("input", { type: "file", id: "mm-upload", multiple: true, accept: KINDS.join(","), class: "mm-hidden", tabindex: -1, "aria-label": say("way_upload"), onchange: () => this.choose(input.files) });
        this.send = button({ sign: "upload", words: say("upload"), id: "mm-send", class: "mm-button mm-strong", disabled: true, onclick: () => this.sendAll() });
        const drop = make(
            "div",
            { class: "mm-drop" },
            icon("upload"),
            make("p", {}, say("drop_files")),
            button({ words: say("choose_files"), class: "mm-button", onclick: () => input.click() }),
            input,
        );
        drop.addEventListener("dragover", (event) => drop.classList.add("mm-over") ?? event.preventDefault());
        drop.addEventListener("dragleave", () => drop.classList.remove("mm-over"));
        drop.addEventListener("drop", (event) => {
            event.preventDefault();
            drop.classList.remove("mm-over");
            this.choose(event.dataTransfer.files);
        });
        return make(
            "div",
            { class: "mm-way" },
            make("h2", {}, icon("upload"), say("way_upload")),
            drop,
            make("p", { class: "mm-quiet" }, say("upload_limits", { files: MOST_FILES, bytes: size(MOST_BYTES), each: size(LARGEST) })),
            this.note,
            this.send,
        );
    }

    /** Take the files that can be sent and say what was left out and why. */
    choose(chosen) {
        const all = [...chosen];
        const known = all.filter((file) => KINDS.some((kind) => file.name.toLowerCase().endsWith(kind)));
        const small = known.filter((file) => file.size <= LARGEST);
        this.files = small.slice(0, MOST_FILES);
        const total = this.files.reduce((sum, file) => sum + file.size, 0);
        const notes = [say("chosen", { n: number(this.files.length), bytes: size(total) })];
        if (known.length < all.length) notes.push(say("other_kinds", { n: all.length - known.length }));
        if (small.length < known.length) notes.push(say("too_heavy", { n: known.length - small.length }));
        if (this.files.length < small.length) notes.push(say("too_many", { n: small.length - this.files.length }));
        if (total > MOST_BYTES) notes.push(say("too_much", { bytes: size(MOST_BYTES) }));
        this.note.textContent = notes.join(" ");
        this.send.disabled = !this.files.length || total > MOST_BYTES;
    }

    async sendAll() {
        this.send.disabled = true;
        const sent = [];
        try {
            for (let from = 0; from < this.files.length; from += BATCH) {
                const batch = this.files.slice(from, from + BATCH);
                sent.push(...(await upload(batch, (share) => this.tell(from + share * batch.length))));
            }
            this.note.textContent = say("sent", { n: number(sent.length) });
            await this.begin("index_uploads", sent, this.collection.querySelector("input").value);
            this.files = [];
        } catch (error) {
            this.note.textContent = say("problem", { message: error.message });
            this.send.disabled = false;
        }
    }

    tell(done) {
        this.note.textContent = say("sending", { done: Math.floor(done), total: this.files.length });
    }
}

function field(key, attributes) {
    return make("label", { class: "mm-label" }, make("span", {}, say(key)), make("input", { type: "text", autocomplete: "off", ...attributes }));
}
