// What the laboratory is asked: whose captions to learn from, which encoders to bring together, and how.

import { make } from "./dom.js";
import { count, goodAt, say } from "./words.js";

const METHODS = ["contrastive", "ensemble", "cca", "kernel-cca", "multiset-cca", "deep-cca", "autoencoder", "adversarial", "graph", "all"];
const ANOTHER = "*"; // in place of an encoder: one that has no name here
const OLDER = / \(older( \d+)?\)$/; // what an upgrade left behind cannot be loaded

export class LabForm {
    /** `begin` starts a run: begin(collection, imageEncoder, textEncoder, method). */
    constructor(begin) {
        this.collection = make("select", { id: "mm-lab-collection", onchange: () => this.suit() });
        this.image = new EncoderField("lab_image", "mm-lab-image");
        this.text = new EncoderField("lab_text", "mm-lab-text", [["", say("lab_same")]]);
        this.method = make("select", { id: "mm-lab-method" }, METHODS.map((name) => make("option", { value: name }, say(`method_${name}`))));
        this.element = make(
            "form",
            {
                class: "mm-way mm-lab-form",
                onsubmit: (event) => {
                    event.preventDefault();
                    begin(this.collection.value, this.image.value, this.text.value, this.method.value);
                },
            },
            labelled("lab_collection", this.collection),
            labelled("lab_method", this.method),
            this.image.element,
            this.text.element,
            make("button", { type: "submit", id: "mm-lab-start", class: "mm-button mm-strong" }, say("lab_start")),
        );
    }

    /** Take what there is, and keep what was chosen. */
    offer(overview, wanted) {
        this.overview = overview;
        const chosen = this.collection.value || wanted;
        this.collection.replaceChildren(
            ...overview.collections.map((one) => make("option", { value: one.name, selected: one.name === chosen }, [one.name, count("picture", one.pictures), count("text", one.texts)].join(" · "))),
        );
        const read = overview.collections.flatMap((one) => Object.keys(one.vectors)).filter((name) => !OLDER.test(name));
        const known = new Map([...read.map((name) => [name, null]), ...overview.encoders.map((info) => [info.name, info])]);
        this.image.offer(known);
        this.text.offer(known);
        if (!this.image.value) this.suit();
    }

    /** Propose the encoder that searches the collection. */
    suit() {
        this.image.choose(this.overview.collections.find((one) => one.name === this.collection.value)?.encoder);
    }
}

/** One encoder: of those that have a name here, or any other by its folder or hub id. */
class EncoderField {
    constructor(key, id, first = []) {
        this.first = first;
        this.known = new Map();
        this.select = make("select", { id, onchange: () => this.tell() });
        this.other = make("input", { type: "text", autocomplete: "off", placeholder: "owner/model", "aria-label": say("unlisted_encoder") });
        this.note = make("p", { class: "mm-quiet" });
        this.element = make("div", { class: "mm-lab-encoder" }, labelled(key, this.select), this.other, this.note);
    }

    get value() {
        return this.select.value === ANOTHER ? this.other.value.trim() : this.select.value;
    }

    /** Take the encoders, a Map from name to what is known, and keep what was chosen. */
    offer(known) {
        const chosen = this.select.value;
        this.known = known;
        const choices = [...this.first, ...[...known].map(([name, info]) => [name, info?.installed === false ? say("lab_not_here", { encoder: name }) : name]), [ANOTHER, say("lab_another")]];
        this.select.replaceChildren(...choices.map(([value, words]) => make("option", { value }, words)));
        this.choose(chosen);
    }

    choose(name) {
        if ([...this.select.options].some((option) => option.value === name)) this.select.value = name;
        this.tell();
    }

    /** Say what the chosen one is good at, or how to get it; let another one be named. */
    tell() {
        const info = this.known.get(this.select.value);
        this.other.hidden = this.select.value !== ANOTHER;
        this.other.required = !this.other.hidden;
        this.note.textContent = !info ? (this.other.hidden ? "" : say("unlisted_encoder")) : info.installed ? goodAt(info) : say("how_to_get", { command: `mmsearch encoders download ${info.name}` });
    }
}

function labelled(key, control) {
    return make("label", { class: "mm-label" }, make("span", {}, say(key)), control);
}
