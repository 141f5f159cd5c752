// The page: its bar, its views, and what all of them share.

import { AboutView } from "./about_view.js";
import { button, icon, make } from "./dom.js";
import { IndexView } from "./index_view.js";
import { LabView } from "./lab_view.js";
import { queryOf, remember } from "./address.js";
import { SearchBox, catchPictures } from "./searchbox.js";
import { SearchView } from "./search_view.js";
import { ask } from "./server.js";
import { Watch } from "./watch.js";
import * as theme from "./theme.js";
import * as words from "./words.js";

const { say } = words;
const VIEWS = { search: SearchView, index: IndexView, lab: LabView, about: AboutView };
const EXAMPLES = { en: 6, zh: 6 }; // how many strings example_1, … there are

/** Take over the place that Gradio made for the page. */
export function start(root, boot) {
    words.learn(boot.strings);
    const app = new App(root, boot.manage);
    theme.follow(() => app.refreshBar());
    app.render();
    app.arrive();
}

class App {
    /** `manage` says whether visitors may change encoders: without that there is no laboratory. */
    constructor(root, manage) {
        this.root = root;
        this.pages = Object.keys(VIEWS).filter((page) => manage || page !== "lab");
        this.overview = null;
        this.query = queryOf(location);
        this.page = this.query.page;
        this.views = {};
        this.worded = catchPictures((file) => {
            this.go("search");
            this.box.take(file);
        });
        document.addEventListener("keydown", (event) => this.pressed(event));
        window.addEventListener("popstate", () => this.travel());
    }

    /** Ask what there is, then show what the address asks for. */
    async arrive() {
        const searching = this.page === "search" ? this.views.search.run() : null; // needs no list of collections
        await this.refreshOverview();
        await searching;
    }

    async refreshOverview() {
        try {
            this.overview = await ask("overview");
        } catch {
            return; // the view at hand meets the same trouble and says so
        }
        this.query.collection ||= this.overview.collection;
        if (!this.overview.collections.some((one) => one.name === this.query.collection)) this.query.collection = this.overview.collection;
        this.views.search.refreshControls();
        this.view().refresh?.();
    }

    /** Build the page in the language and the theme at hand. */
    render() {
        const open = this.views.search;
        this.worded();
        this.box = new SearchBox(this.query, {
            asked: () => this.search({}),
            refused: (error) => {
                this.go("search");
                this.views.search.refuse(error);
            },
        });
        this.bar = make("header", { class: "mm-top" });
        this.place = make("div", { class: "mm-place" });
        this.watch = new Watch(this);
        this.views = { search: new SearchView(this) };
        this.refreshBar();
        this.root.replaceChildren(make("a", { class: "mm-skip", href: "#mm-gallery" }, say("skip")), this.bar, this.place);
        this.place.replaceChildren(this.view().element);
        if (open?.answer) {
            this.views.search.tell(open.answer);
            if (open.panel.open) this.views.search.open(open.index);
        }
    }

    refreshBar() {
        const other = words.language() === "en" ? "zh" : "en";
        this.bar.replaceChildren(
            make("a", { class: "mm-mark", href: "?", "aria-label": "mmsearch", onclick: (event) => this.home(event) }, mark(), make("span", {}, "mmsearch")),
            this.box.element,
            make("nav", { class: "mm-nav", "aria-label": say("pages") }, this.pages.map((page) => this.tab(page))),
            make(
                "div",
                { class: "mm-switches" },
                make("button", { type: "button", id: "mm-language", class: "mm-round", lang: other, "aria-label": say("switch_language"), onclick: () => this.speak(other) }, other === "zh" ? "中" : "EN"),
                button({ sign: theme.isDark() ? "sun" : "moon", id: "mm-theme", label: say(theme.isDark() ? "go_light" : "go_dark"), class: "mm-round", onclick: () => this.toggleTheme() }),
            ),
        );
    }

    tab(page) {
        return make(
            "a",
            { href: page === "search" ? "?" : `?view=${page}`, "aria-current": this.page === page ? "page" : null, onclick: (event) => { event.preventDefault(); this.go(page); } },
            say(`page_${page}`),
        );
    }

    view() {
        this.views[this.page] ??= new VIEWS[this.page](this);
        return this.views[this.page];
    }

    go(page) {
        if (this.page === page) return;
        this.page = this.query.page = page;
        remember(this.query, this.overview);
        this.show();
    }

    show() {
        this.views.search.panel.close();
        this.place.replaceChildren(this.view().element);
        this.refreshBar();
        this.view().refresh?.();
        if (this.page === "search" && !this.views.search.answer) this.views.search.run();
        window.scrollTo({ top: 0 });
    }

    /** Change the query, note it in the address, and answer it. */
    search(change) {
        Object.assign(this.query, change);
        this.query.page = "search";
        if (this.page !== "search") {
            this.page = "search";
            this.place.replaceChildren(this.view().element);
            this.refreshBar();
        }
        this.box.words.value = this.query.words;
        this.box.refresh();
        remember(this.query, this.overview);
        return this.views.search.run();
    }

    /** Learn what an item that the address names by its id looks like. */
    liked(item) {
        this.query.like = item;
        this.box.refresh();
    }

    /** Hear that a run came to its end: what there is may have changed, and what a search shows. */
    ended(job) {
        if (job.report && job.work === "index") this.query.collection = job.collection;
        this.views.search.answer = null;
        return this.refreshOverview();
    }

    home(event) {
        event.preventDefault();
        this.search({ words: "", picture: null, like: null });
    }

    /** Follow the browser's back and forward. */
    travel() {
        const { picture } = this.query;
        Object.assign(this.query, queryOf(location), history.state?.picture ? { picture } : {});
        this.query.collection ||= this.overview?.collection ?? "";
        this.page = this.query.page;
        this.box.words.value = this.query.words;
        this.box.refresh();
        this.show();
        if (this.page === "search") this.views.search.run();
    }

    speak(language) {
        words.remember(language);
        this.render();
        this.view().refresh?.();
        if (!this.views.search.answer && this.page === "search") this.views.search.run();
        document.querySelector("#mm-language").focus();
    }

    toggleTheme() {
        theme.toggle();
        this.refreshBar();
        document.querySelector("#mm-theme").focus();
    }

    examples() {
        return Array.from({ length: EXAMPLES[words.language()] }, (_, n) => say(`example_${n + 1}`));
    }

    pressed(event) {
        const typing = event.target.closest?.("input, textarea, select");
        if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            this.box.words.focus();
            this.box.words.select();
        }
        const { panel } = this.views.search;
        if (document.querySelector("dialog[open]")) return;
        if (event.key === "Escape" && panel.open) panel.close();
        else if (event.key === "Escape" && this.page === "search" && !typing?.matches("select")) this.box.empty();
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (step && panel.open && !typing) this.views.search.step(step);
        if (event.key === "ArrowDown" && typing === this.box.words && this.views.search.shown.length) {
            event.preventDefault();
            this.views.search.list.focus(0);
        }
    }
}

/** Return the sign of the project: a picture behind a lens. */
function mark() {
    const sign = icon("search");
    sign.classList.add("mm-logo");
    return sign;
}
