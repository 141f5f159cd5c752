// The laboratory: choose encoders, a collection and a method, watch the fit, see what was found, use it.

import { make } from "./dom.js";
import { LabForm } from "./lab_form.js";
import { findings } from "./lab_findings.js";
import { trouble } from "./messages.js";
import { ask } from "./server.js";
import { say } from "./words.js";

export class LabView {
    /** `app` gives overview, query and watch. */
    constructor(app) {
        this.app = app;
        this.watch = app.watch;
        this.form = new LabForm((...asked) => this.watch.begin("align", ...asked));
        this.found = make("div", { id: "mm-found" });
        this.open = make("div", { class: "mm-lab" }, this.form.element, this.found);
        this.element = make("main", { class: "mm-sheet" }, make("h1", {}, say("lab_title")), make("p", { class: "mm-quiet" }, say("lab_help")));
    }

    async refresh() {
        const { overview, query } = this.app;
        if (!overview) return;
        if (!overview.rights.manage) return this.close();
        this.element.append(this.open);
        this.form.element.after(this.watch.element);
        this.form.offer(overview, query.collection);
        try {
            this.watch.follow(await ask("progress"));
            const { found } = await ask("alignment");
            const use = () => this.watch.begin("adopt_encoder", found.pairs, found.recommended);
            this.found.replaceChildren(...(found ? findings(found, overview, use) : []));
        } catch (error) {
            this.found.replaceChildren(trouble(error));
        }
    }

    close() {
        this.element.replaceChildren(make("h1", {}, say("lab_title")), make("p", { class: "mm-closed" }, say("lab_closed")));
    }
}
