// Texts that were found: a list of buttons with the picture that each speaks of.

import { make } from "./dom.js";
import { pictureOf } from "./server.js";
import { measure, say } from "./words.js";

export class TextList {
    /** `opened` is called with the index of a text that was chosen. */
    constructor(opened) {
        this.opened = opened;
        this.element = make("ol", { id: "mm-texts", class: "mm-texts", "aria-label": say("found_texts") });
        this.element.addEventListener("keydown", (event) => this.moveBy(event));
    }

    show(items) {
        this.element.replaceChildren(...items.map((item, index) => this.row(item, index)));
    }

    /** Show the same texts in another order. */
    reorder(items) {
        const focused = this.rows().indexOf(document.activeElement);
        this.show(items);
        if (focused >= 0) this.focus(focused);
    }

    rows() {
        return [...this.element.querySelectorAll("button")];
    }

    mark(index) {
        this.rows().forEach((row, place) => row.classList.toggle("mm-open", place === index));
    }

    focus(index = 0) {
        this.rows()[index]?.focus();
    }

    reveal(index) {
        this.rows()[index]?.scrollIntoView({ block: "nearest" });
    }

    moveBy(event) {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        event.stopPropagation();
        const next = this.rows().indexOf(document.activeElement) + step;
        if (next < 0 || next >= this.rows().length) return;
        this.focus(next);
        this.element.dispatchEvent(new CustomEvent("moved", { detail: next }));
    }

    row(item, index) {
        const picture =
            item.kind === "image"
                ? make("img", { src: pictureOf(item, "small"), alt: "", loading: "lazy", width: 64, height: 64 })
                : null;
        picture?.addEventListener("error", () => (picture.hidden = true));
        return make(
            "li",
            {},
            make(
                "button",
                { type: "button", onclick: () => this.opened(index) },
                picture,
                make("span", { class: "mm-words" }, item.text),
                item.language && make("span", { class: "mm-tag" }, item.language),
                make("span", { class: "mm-score" }, measure(item)),
            ),
        );
    }
}
