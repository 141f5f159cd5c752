// The page of collections: add pictures, watch the run, see what there is, choose encoders, look back.

import { AddForm } from "./add_form.js";
import { collectionCards } from "./collections.js";
import { make } from "./dom.js";
import { trouble } from "./messages.js";
import { historyTable, progressOf } from "./runs.js";
import { ask } from "./server.js";
import { say } from "./words.js";

const POLL = 500; // milliseconds between looks at a run

export class IndexView {
    /** `app` gives overview, refreshOverview() and search(change). */
    constructor(app) {
        this.app = app;
        this.job = null;
        this.now = make("section", { id: "mm-progress", class: "mm-now", "aria-live": "off" });
        this.cards = make("div", { id: "mm-collections" });
        this.history = make("div", { id: "mm-history" });
        this.form = make("div", {});
        this.element = make(
            "main",
            { class: "mm-sheet" },
            make("h1", {}, say("index_title")),
            this.form,
            this.now,
            section("collections", this.cards),
            section("history", this.history),
        );
    }

    async refresh() {
        if (!this.app.overview) return;
        if (!this.form.firstChild) this.form.append(new AddForm(this.app.overview.rights, (...asked) => this.begin(...asked)).element);
        this.cards.replaceChildren(...collectionCards(this.app, (...asked) => this.change(...asked)));
        try {
            this.follow(await ask("progress"));
            this.history.replaceChildren(historyTable((await ask("history")).runs));
        } catch (error) {
            this.now.replaceChildren(trouble(error));
        }
    }

    /** Begin a run by an endpoint; what it refuses is said where its progress would be. */
    async begin(endpoint, ...given) {
        try {
            this.follow(await ask(endpoint, ...given));
        } catch (error) {
            this.now.replaceChildren(trouble(error));
            this.now.scrollIntoView({ block: "nearest" });
        }
    }

    /** Choose or remove something by an endpoint, then look at what there is. */
    async change(endpoint, ...given) {
        if (endpoint === "build_encoder") return this.begin(endpoint, ...given);
        try {
            await ask(endpoint, ...given);
            await this.app.refreshOverview();
        } catch (error) {
            this.now.replaceChildren(trouble(error));
            this.now.scrollIntoView({ block: "nearest" });
        }
    }

    /** Show how a run stands and look again while it goes on; once it is over look at what there is now. */
    follow(job) {
        const ended = this.running && !["running", "stopping"].includes(job.state);
        this.running = ["running", "stopping"].includes(job.state);
        this.now.replaceChildren(...progressOf(job, this.app, () => this.begin("cancel")));
        clearTimeout(this.timer);
        if (this.running) this.timer = setTimeout(() => this.element.isConnected && this.begin("progress"), POLL);
        if (!ended) return;
        if (job.report && job.work === "index") this.app.query.collection = job.collection;
        this.app.views.search.answer = null; // what it shows may have changed
        this.app.refreshOverview();
    }
}

function section(key, content) {
    return make("section", {}, make("h2", {}, say(key)), content);
}
