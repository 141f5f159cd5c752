// The page of searching: what was asked, what was found, and one hit in the panel.

import { button, make } from "./dom.js";
import { Gallery } from "./gallery.js";
import { message, trouble } from "./messages.js";
import { goodAtLine, options } from "./options.js";
import { Panel } from "./panel.js";
import { answers, ask } from "./server.js";
import { TextList } from "./texts.js";
import { count, language, number, say } from "./words.js";

const SLOW = 350; // milliseconds after which a search says that it is still at it
const EXAMPLES = 6;

export class SearchView {
    /** `app` gives query, overview, and go(page), search(change) and examples. */
    constructor(app) {
        this.app = app;
        this.shown = []; // hits or items on the page
        this.answer = null;
        this.asked = 0; // number of the latest question: answers to earlier ones come too late
        this.gallery = new Gallery((index) => this.open(index));
        this.texts = new TextList((index) => this.open(index));
        for (const list of [this.gallery, this.texts]) {
            list.element.addEventListener("moved", (event) => this.panel.open && this.open(event.detail));
        }
        this.panel = new Panel({
            similar: (item) => app.search({ words: "", picture: null, like: item, target: item.has_picture ? "image" : "text" }),
            step: (by) => this.step(by),
            closed: () => this.closed(),
            query: () => app.query,
        });
        this.status = make("p", { id: "mm-status", class: "mm-status", role: "status", "aria-live": "polite" });
        this.controls = make("div", { class: "mm-controls" });
        this.found = make("div", { class: "mm-found" });
        this.element = make(
            "main",
            { class: "mm-search" },
            this.controls,
            make("div", { class: "mm-results" }, this.found, this.panel.element),
        );
        this.more = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && this.browseOn(), {
            rootMargin: "1200px",
        });
        this.refreshControls();
    }

    get list() {
        return this.found.contains(this.texts.element) ? this.texts : this.gallery;
    }

    refreshControls() {
        const { query, overview } = this.app;
        const line = overview && make("p", { class: "mm-good-at" }, goodAtLine(query, overview));
        this.controls.replaceChildren(
            ...(overview ? [options(query, overview, () => this.app.search({}))] : []),
            make("div", { class: "mm-lines" }, this.status, line),
        );
    }

    /** Answer the query as it is now; without one show the collection itself. */
    async run() {
        const { query } = this.app;
        const question = (this.asked += 1);
        this.panel.close();
        this.refreshControls();
        this.found.classList.add("mm-waiting");
        this.found.setAttribute("aria-busy", "true"); // until the order has settled
        const slow = setTimeout(() => this.say(this.app.overview?.ready === false ? "warming" : "searching"), SLOW);
        try {
            let first = true;
            for await (const answer of this.ask(query)) {
                if (question !== this.asked) return;
                if (first) this.tell(answer);
                else this.settle(answer);
                if (first) clearTimeout(slow);
                first = false;
                this.found.classList.remove("mm-waiting");
            }
        } catch (error) {
            if (question === this.asked) this.refuse(error);
        } finally {
            clearTimeout(slow);
            if (question === this.asked) this.found.classList.remove("mm-waiting");
            if (question === this.asked) this.found.setAttribute("aria-busy", "false");
        }
    }

    /** Yield the answer, and where it comes in parts each of them. */
    async *ask({ words, picture, like, target, find, k, collection, encoder }) {
        if (like) yield ask("similar", like.id, k, encoder);
        else if (!words && !picture) yield ask("browse", collection, 0);
        else yield* answers({ words, picture: picture?.sent ?? null, target, find, k, collection, encoder });
    }

    tell(answer) {
        this.answer = answer;
        if (this.app.overview) this.app.overview.ready = true;
        this.shown = answer.hits ?? answer.items;
        if (answer.like) this.app.liked(answer.like);
        if (answer.items) this.tellItems(answer);
        else this.tellHits(answer);
        window.scrollTo({ top: 0 });
    }

    tellItems(answer) {
        this.more.disconnect();
        this.status.textContent = say("browsing", { collection: answer.collection, pictures: count("item", answer.total) });
        if (!answer.total) {
            this.showInstead(message(say("empty_collection", { collection: answer.collection }), say("empty_help"), [
                [say("index_folder"), () => this.app.go("index")],
            ]));
            return;
        }
        const end = make("div", { class: "mm-end" });
        this.found.replaceChildren(this.examples(), this.gallery.element, end);
        this.gallery.show(this.shown);
        this.more.observe(end);
    }

    tellHits(answer) {
        this.more.disconnect();
        const { target } = this.app.query;
        const texts = answer.hits.some((hit) => hit.text !== undefined) || target === "text";
        this.status.textContent = this.summary(answer, texts ? "text" : "picture");
        if (!answer.hits.length) {
            this.showInstead(message(say("no_hits", { collection: answer.collection }), say("no_hits_help"), [
                [say("show_all"), () => this.app.search({ words: "", picture: null, like: null })],
                [say("index_folder"), () => this.app.go("index")],
            ]));
            return;
        }
        const list = texts ? this.texts : this.gallery;
        this.found.replaceChildren(list.element);
        list.show(answer.hits);
    }

    /** Show the hits of an answer in the order of a second opinion. */
    settle(answer) {
        const open = this.panel.open ? this.shown[this.index] : null;
        this.answer = answer;
        this.shown = answer.hits;
        this.status.textContent = this.summary(answer, this.list === this.texts ? "text" : "picture");
        this.list.reorder(answer.hits, answer.matching ? groupsOf(answer.hits) : undefined);
        if (answer.nothing) this.found.prepend(message(say("nothing_matches", { words: this.app.query.words }), say("nothing_help"), [], "nothing"));
        if (!open) return;
        this.index = this.shown.findIndex((hit) => hit.id === open.id && hit.text_id === open.text_id);
        this.list.mark(this.index);
        if (this.index >= 0) this.panel.judged(this.shown[this.index], answer); // not one that does not match after all
    }

    summary(answer, noun) {
        const { words, picture } = this.app.query;
        const key = answer.like ? "about_similar" : words && picture ? "about_both" : picture ? "about_picture" : "about_words";
        const about = say(key, { words: answer.like ? answer.like.names[language()] : words });
        const told = say("status", { found: count(noun, answer.hits.length), about, collection: answer.collection, ms: number(answer.ms) });
        const judged = answer.judged ? say("judged", { n: number(answer.judged) }) : "";
        const matching = answer.matching == null ? "" : say("matching", { n: number(answer.matching) });
        return [told, judged, matching, answer.notice].filter(Boolean).join(" · ");
    }

    examples() {
        const chips = this.app.examples().slice(0, EXAMPLES);
        return make(
            "div",
            { class: "mm-examples" },
            make("span", {}, say("examples")),
            chips.map((words) => button({ words, class: "mm-example", onclick: () => this.app.search({ words, picture: null, like: null }) })),
        );
    }

    async browseOn() {
        if (!this.answer?.items || this.shown.length >= this.answer.total || this.browsing) return;
        this.browsing = true;
        const answer = this.answer;
        try {
            const more = await ask("browse", answer.collection, this.shown.length);
            if (this.answer !== answer || !more.items.length) return;
            this.shown = [...this.shown, ...more.items];
            this.gallery.add(more.items);
        } catch {
            // what is there stays; scrolling on asks again
        } finally {
            this.browsing = false;
        }
    }

    refuse(error) {
        this.more.disconnect();
        this.answer = null;
        this.shown = [];
        this.status.textContent = say("problem", { message: error.message });
        const actions = error.kind === "BadPicture" ? [] : [[say("try_again"), () => this.run()]];
        actions.push([say("show_all"), () => this.app.search({ words: "", picture: null, like: null })]);
        if (["NotIndexed", "UnknownName"].includes(error.kind)) actions.push([say("index_folder"), () => this.app.go("index")]);
        this.showInstead(trouble(error, actions));
    }

    /** Say in the line above the results what is going on, or in their place if there are none yet. */
    say(key) {
        this.status.textContent = say(key);
        if (!this.found.firstChild) this.found.replaceChildren(skeleton());
    }

    showInstead(element) {
        this.found.replaceChildren(element);
    }

    open(index) {
        const hit = this.shown[index];
        if (!hit) return;
        this.index = index;
        this.panel.show(hit, this.answer);
        this.list.mark(index);
        this.list.reveal(index);
    }

    step(by) {
        this.open(Math.min(Math.max(this.index + by, 0), this.shown.length - 1));
    }

    closed() {
        this.list.mark(-1);
        if (this.index !== undefined) this.list.focus(this.index);
    }
}

/** Return where the hits of each confidence begin, and what to call them; those that were not judged come last. */
function groupsOf(hits) {
    const kinds = hits.map((hit) => hit.confidence ?? "unjudged");
    const starts = kinds.flatMap((kind, index) => (index && kind === kinds[index - 1] ? [] : [index]));
    return starts.map((from, place) => {
        const n = (starts[place + 1] ?? hits.length) - from;
        return { from, name: say(`confidence_${kinds[from]}`, { n: number(n) }) };
    });
}

/** Return grey places for the pictures to come. */
function skeleton() {
    const widths = [180, 260, 220, 150, 300, 240, 200, 170, 280, 210, 190, 250, 160, 230];
    return make(
        "div",
        { class: "mm-skeleton", "aria-hidden": "true" },
        widths.map((width) => make("span", { style: `flex-grow:${width};flex-basis:${width}px` })),
    );
}
