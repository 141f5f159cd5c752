// Follows the run behind the page: begins it, looks again while it goes on, and shows how it stands.

import { make } from "./dom.js";
import { trouble } from "./messages.js";
import { progressOf } from "./runs.js";
import { ask } from "./server.js";

const POLL = 500; // milliseconds between looks at a run

/** One for all views, so that none misses the end of a run that another began; the view at hand shows its element. */
export class Watch {
    /** `app` is what `progressOf` takes, and hears of a run that came to its end: ended(job). */
    constructor(app) {
        this.app = app;
        this.element = make("section", { id: "mm-progress", class: "mm-now", "aria-live": "off" });
    }

    /** Call an endpoint that tells how the run stands; what it refuses is said where its progress would be. */
    async begin(endpoint, ...given) {
        try {
            this.follow(await ask(endpoint, ...given));
        } catch (error) {
            this.refuse(error);
        }
    }

    refuse(error) {
        this.element.replaceChildren(trouble(error));
        this.element.scrollIntoView({ block: "nearest" });
    }

    /** Show how a run stands, and look again while it goes on. */
    follow(job) {
        const before = this.running;
        this.running = ["running", "stopping"].includes(job.state);
        const focused = this.element.contains(document.activeElement) && document.activeElement.id;
        this.element.replaceChildren(...progressOf(job, this.app, () => this.begin("cancel")));
        if (focused) document.getElementById(focused)?.focus({ preventScroll: true }); // so that keys can cancel
        clearTimeout(this.timer);
        if (this.running) this.timer = setTimeout(() => this.element.isConnected && this.begin("progress"), POLL);
        if (before && !this.running) this.app.ended(job);
    }
}
