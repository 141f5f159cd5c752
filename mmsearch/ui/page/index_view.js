// The page of collections: add pictures, watch the run, see what there is, choose encoders, look back.

import { AddForm } from "./add_form.js";
import { collectionCards } from "./collections.js";
import { make } from "./dom.js";
import { historyTable } from "./runs.js";
import { ask } from "./server.js";
import { say } from "./words.js";

export class IndexView {
    /** `app` gives overview, watch, refreshOverview() and search(change). */
    constructor(app) {
        this.app = app;
        this.watch = app.watch;
        this.cards = make("div", { id: "mm-collections" });
        this.history = make("div", { id: "mm-history" });
        this.form = make("div", {});
        this.element = make(
            "main",
            { class: "mm-sheet" },
            make("h1", {}, say("index_title")),
            this.form,
            section("collections", this.cards),
            section("history", this.history),
        );
    }

    async refresh() {
        if (!this.app.overview) return;
        this.form.after(this.watch.element);
        if (!this.form.firstChild) this.form.append(new AddForm(this.app.overview.rights, (...asked) => this.watch.begin(...asked)).element);
        this.cards.replaceChildren(...collectionCards(this.app, (...asked) => this.change(...asked)));
        try {
            this.watch.follow(await ask("progress"));
            this.history.replaceChildren(historyTable((await ask("history")).runs));
        } catch (error) {
            this.watch.refuse(error);
        }
    }

    /** Choose or remove something by an endpoint, then look at what there is. */
    async change(endpoint, ...given) {
        if (endpoint === "build_encoder") return this.watch.begin(endpoint, ...given);
        try {
            await ask(endpoint, ...given);
            await this.app.refreshOverview();
        } catch (error) {
            this.watch.refuse(error);
        }
    }
}

function section(key, content) {
    return make("section", {}, make("h2", {}, say(key)), content);
}
