// Why a hit was found: its phrases, and where in the picture each of them shows.

import { make } from "./dom.js";
import { paint } from "./heat.js";
import { explanation } from "./server.js";
import { say } from "./words.js";

/** Return what to ask about a hit; null where neither words found a picture nor a picture found a text. */
export function questionOf(hit, answer, query) {
    if (!answer?.hits || query.like) return null;
    if (hit.text === undefined && hit.kind === "image" && query.words) return { words: query.words, item: hit.id, encoder: answer.encoder };
    if (hit.text === undefined || !query.picture || query.words) return null;
    return { words: hit.text, picture: query.picture.sent, collection: answer.collection, encoder: answer.encoder };
}

export class Why {
    constructor() {
        this.element = make("section", { class: "mm-why" });
    }

    /** Ask, and lay what is told over the picture in `frame`; by default over the query's own, shown here at `url`. */
    async show(question, frame, url) {
        this.stop();
        const waiting = new AbortController();
        this.waiting = waiting;
        const own = frame ? null : make("div", { class: "mm-large" }, make("img", { src: url, alt: say("why_yours") }));
        const note = make("p", { class: "mm-quiet", role: "status" }, say("why_loading"));
        this.element.replaceChildren(make("h3", {}, say(frame ? "why" : "why_text")), ...(own ? [own] : []), note);
        try {
            const told = await explanation(question, waiting.signal);
            this.tell(told, frame ?? own, note);
        } catch (error) {
            if (!waiting.signal.aborted) note.textContent = say("why_failed", { message: error.message });
        }
    }

    /** Leave the picture alone, and wait for nothing. */
    stop() {
        this.waiting?.abort();
        this.canvas?.remove();
        [this.chosen, this.canvas] = [null, null];
        this.element.replaceChildren();
    }

    tell(told, frame, note) {
        this.canvas = make("canvas", { class: "mm-heat", role: "img", hidden: true });
        this.frame = frame;
        frame.append(this.canvas);
        this.rows = told.phrases.map((phrase) => this.row(phrase));
        const maps = told.phrases.some((phrase) => phrase.heat);
        note.before(make("ul", { class: "mm-phrases" }, this.rows.map((row) => make("li", {}, row))));
        note.replaceChildren(maps ? `${say("why_hint")} ${madeBy(told)}` : say("why_no_map", { reason: told.notice ?? "" }));
        if (maps && told.notice) note.append(make("br"), told.notice);
    }

    row(phrase) {
        const choose = () => {
            this.chosen = this.chosen === phrase ? null : phrase;
            for (const row of this.rows) row.setAttribute("aria-pressed", String(row === button && this.chosen === phrase));
            this.lay(this.chosen);
        };
        const button = make(
            "button",
            {
                type: "button", class: phrase.excluded ? "mm-phrase mm-excluded" : "mm-phrase", "aria-pressed": "false",
                style: `--mm-share:${Math.round(100 * Math.max(phrase.probability ?? phrase.cosine, 0))}%`,
                onclick: choose, onpointerenter: () => this.lay(phrase), onpointerleave: () => this.lay(this.chosen),
                onfocus: () => this.lay(phrase), onblur: () => this.lay(this.chosen),
            },
            make("span", { class: "mm-phrase-words" }, phrase.excluded && `${say("why_not")} `, make(phrase.excluded ? "s" : "span", {}, phrase.text)),
            phrase.heat && make("span", { class: "mm-area" }, say(`area_${phrase.heat.place}`)),
            make("b", {}, figure(phrase)),
        );
        return button;
    }

    /** Lay the map of a phrase over the picture; without one take it away. */
    lay(phrase) {
        const image = this.frame?.querySelector("img");
        const shown = Boolean(phrase?.heat && image && this.canvas);
        if (!this.canvas) return;
        this.canvas.hidden = !shown;
        if (!shown) return;
        this.canvas.setAttribute("aria-label", say("why_shows", { phrase: phrase.text, place: say(`area_${phrase.heat.place}`) }));
        paint(this.canvas, image, phrase.heat.grid, phrase.excluded);
    }
}

function figure(phrase) {
    if (phrase.probability === null) return phrase.cosine.toFixed(2);
    return phrase.probability < 0.01 ? say("why_below", { n: 1 }) : say("percent", { n: Math.round(100 * phrase.probability) });
}

function madeBy({ phrases, reranker, encoder }) {
    const looked = phrases.find((phrase) => phrase.heat).heat.made_by === "attention";
    return say(looked ? "why_by_attention" : reranker ? "why_by_mixed" : "why_by_patches", { reranker, encoder });
}
