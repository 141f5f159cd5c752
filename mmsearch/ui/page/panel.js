// The panel of one hit: at the side, or a sheet from below on a phone.

import { button, icon, link, make } from "./dom.js";
import { ask, pictureOf } from "./server.js";
import { Why, questionOf } from "./why.js";
import { language, measure, say, size } from "./words.js";

const phone = window.matchMedia("(max-width: 760px)");

export class Panel {
    /** `actions` holds what its buttons do: similar(item), step(by) and closed(); query() is what was asked. */
    constructor(actions) {
        this.actions = actions;
        this.hit = null;
        this.why = new Why();
        this.body = make("div", { class: "mm-panel-body" });
        this.element = make("aside", { id: "mm-panel", class: "mm-panel", "aria-label": say("panel"), hidden: true, tabindex: -1 });
        this.element.append(this.bar(), this.body);
        this.element.addEventListener("keydown", (event) => this.pressed(event));
    }

    get open() {
        return !this.element.hidden;
    }

    /** Show a hit: what is known already at once, the rest when the server has told it. */
    async show(hit, answer) {
        [this.hit, this.answer] = [hit, answer];
        const fresh = !this.open;
        this.why.stop();
        this.element.hidden = false;
        this.element.dataset.item = hit.id;
        document.body.classList.add("mm-has-panel");
        this.asDialog();
        this.body.replaceChildren(picture(hit), make("h2", {}, title(hit)), make("p", { class: "mm-quiet" }, say("loading")));
        this.body.scrollTop = 0;
        if (fresh && phone.matches) this.element.focus();
        try {
            const item = await ask("details", hit.id);
            if (this.hit?.id === hit.id) this.fill(item, this.hit, this.answer);
        } catch (error) {
            if (this.hit === hit) this.body.lastChild.textContent = say("problem", { message: error.message });
        }
    }

    /** Say of the hit that is shown what a second opinion has come to. */
    judged(hit, answer) {
        [this.hit, this.answer] = [hit, answer];
        this.body.querySelector(".mm-score-line")?.replaceWith(score(hit, answer));
    }

    close() {
        if (!this.open) return;
        this.hit = null;
        this.why.stop();
        this.element.hidden = true;
        document.body.classList.remove("mm-has-panel");
        this.actions.closed();
    }

    bar() {
        return make(
            "div",
            { class: "mm-panel-bar" },
            button({ sign: "left", label: say("previous"), class: "mm-round", onclick: () => this.actions.step(-1) }),
            button({ sign: "right", label: say("next"), class: "mm-round", onclick: () => this.actions.step(1) }),
            make("span", { class: "mm-space" }),
            button({ sign: "close", label: say("close"), class: "mm-round mm-close", onclick: () => this.close() }),
        );
    }

    /** On a phone the sheet covers the page, so it is a dialog that keeps the focus. */
    asDialog() {
        this.element.setAttribute("role", phone.matches ? "dialog" : "complementary");
        if (phone.matches) this.element.setAttribute("aria-modal", "true");
        else this.element.removeAttribute("aria-modal");
    }

    pressed(event) {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step) {
            event.preventDefault();
            event.stopPropagation();
            this.actions.step(step);
        }
        if (event.key === "Tab" && phone.matches) this.keepFocus(event);
    }

    keepFocus(event) {
        const stops = [...this.element.querySelectorAll("button, a[href]")];
        const [first, last] = [stops[0], stops.at(-1)];
        const leaves = event.shiftKey ? [first, this.element].includes(document.activeElement) : document.activeElement === last;
        if (!leaves) return;
        event.preventDefault();
        (event.shiftKey ? last : first).focus();
    }

    fill(item, hit, answer) {
        const heading = title(item);
        this.body.replaceChildren(
            picture(item, this.body.querySelector("img")),
            make("h2", {}, heading),
            this.buttons(item),
            score(hit, answer),
            this.why.element,
            captions(item, hit, heading),
            facts(item),
        );
        const query = this.actions.query();
        const question = questionOf(hit, answer, query);
        if (question) this.why.show(question, hit.text === undefined ? this.body.querySelector(".mm-large") : null, query.picture?.url);
    }

    buttons(item) {
        const copy = button({ sign: "copy", words: say("copy_path"), class: "mm-button", onclick: () => copyPath(copy, item.path) });
        return make(
            "div",
            { class: "mm-buttons" },
            button({ sign: "similar", words: say("more_like_this"), class: "mm-button mm-strong", onclick: () => this.actions.similar(item) }),
            item.path && copy,
            item.has_picture &&
                make(
                    "a",
                    { class: "mm-button", href: pictureOf(item, "large"), target: "_blank", rel: "noopener" },
                    icon("open"),
                    make("span", {}, say("open_large")),
                ),
        );
    }
}

function title(item) {
    return item.names[language()] || say("untitled");
}

/** Show the small picture, which is there already, until the large one is. */
function picture(item, shown = null) {
    if (item.kind !== "image") return make("div", { class: "mm-no-picture" }, make("p", {}, item.text ?? title(item)));
    const image = shown ?? make("img", { src: pictureOf(item, "small"), alt: title(item), width: item.width, height: item.height });
    const frame = make("div", { class: "mm-large" }, image);
    if (!shown) {
        image.addEventListener("error", () => frame.replaceChildren(make("p", { class: "mm-quiet" }, say("picture_gone"))));
        const large = new Image();
        large.addEventListener("load", () => (image.src = large.src));
        large.src = pictureOf(item, "large");
    }
    return frame;
}

function score(hit, answer) {
    if (hit.score === undefined) return null;
    const similarity = say("similarity", { measure: say(`measure_${answer.measure}`), encoder: answer.encoder });
    const cosine = [make("b", {}, hit.score.toFixed(3)), " ", similarity];
    if (hit.probability == null) return make("p", { class: "mm-score-line" }, cosine);
    const sure = make("b", {}, measure(hit));
    const moved = say(hit.found_at === hit.rank ? "place_kept" : "place_changed", { rank: hit.rank, found_at: hit.found_at });
    const opinion = say("probably", { reranker: answer.reranker });
    return make("p", { class: "mm-score-line" }, sure, " ", opinion, " · ", moved, make("br"), cosine);
}

function captions(item, hit, heading) {
    const shown = item.captions.filter((text) => text.text !== heading || item.captions.length > 1);
    if (!shown.length) return null;
    const mine = (text) => (text.language === language() ? 0 : 1); // the page's language first
    const rows = [...shown].sort((a, b) => mine(a) - mine(b)).map((text) =>
        make(
            "li",
            { class: text.id === hit.text_id ? "mm-matched" : null, lang: text.language },
            text.text,
            text.language && make("span", { class: "mm-tag" }, text.language),
            text.id === hit.text_id && make("span", { class: "mm-tag mm-strong" }, say("matched")),
        ),
    );
    return make("section", {}, make("h3", {}, say("captions")), make("ul", { class: "mm-captions" }, rows));
}

function facts(item) {
    const pairs = [
        [say("credit"), item.credit && creditOf(item.credit)],
        [say("path"), make("code", {}, item.path ?? say("no_path"))],
        [say("size"), item.width && `${item.width} × ${item.height}`],
        [say("bytes"), item.bytes && size(item.bytes)],
        [say("date"), item.date],
        [say("collection"), item.collection],
        ...Object.entries(item.extra),
    ];
    return make(
        "dl",
        { class: "mm-facts" },
        pairs.filter(([, value]) => value).map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]),
    );
}

const AT_SOURCE = "see link"; // for an author, in the bundled collection

/** Return author, licence and source, the latter two as links where they are addresses. */
export function creditOf(credit) {
    const named = credit.author && credit.author !== AT_SOURCE;
    const parts = [document.createTextNode(named ? credit.author : say("author_unknown"))];
    if (credit.licence) parts.push(link(credit.licence_url, credit.licence));
    if (credit.source) parts.push(/^https?:/i.test(credit.source) ? link(credit.source, say("source")) : document.createTextNode(credit.source));
    return make("span", {}, parts.flatMap((part, index) => (index ? [" · ", part] : [part])));
}

async function copyPath(pressed, path) {
    try {
        await navigator.clipboard.writeText(path);
    } catch {
        const field = make("textarea", { class: "mm-hidden" }); // no clipboard on a page that is not secure
        field.value = path;
        document.body.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
    }
    const words = pressed.querySelector("span:last-child");
    words.textContent = say("copied");
    setTimeout(() => (words.textContent = say("copy_path")), 1600);
}
