// The page about: what this is, the encoder in use, and the credit of every bundled picture.

import { make } from "./dom.js";
import { trouble } from "./messages.js";
import { collectionOf, encoderOf } from "./options.js";
import { creditOf } from "./panel.js";
import { ask, pictureOf } from "./server.js";
import { count, goodAt, language, say, size } from "./words.js";

const NOTICES = ["notice_app", "notice_encoder", "notice_photographs", "notice_scenes", "notice_gradio", "notice_privacy"];

export class AboutView {
    constructor(app) {
        this.app = app;
        this.encoder = make("div", {});
        this.credits = make("ul", { id: "mm-credits", class: "mm-credits" });
        this.total = make("p", { class: "mm-quiet" });
        this.element = make(
            "main",
            { class: "mm-sheet" },
            make("h1", {}, "mmsearch"),
            make("p", { class: "mm-lead" }, say("tagline")),
            make("p", {}, say("about_text")),
            make("p", {}, say("keyboard")),
            make("h2", {}, say("encoder")),
            this.encoder,
            make("h2", {}, say("notices")),
            make("ul", { class: "mm-notices" }, NOTICES.map((key) => make("li", {}, say(key)))),
            make("h2", {}, say("credits")),
            this.total,
            this.credits,
        );
    }

    async refresh() {
        this.tellEncoder();
        if (this.credits.firstChild) return;
        try {
            const { items } = await ask("credit_list");
            this.total.textContent = items.length ? count("picture", items.length) : say("no_samples");
            this.credits.replaceChildren(...items.map(row));
        } catch (error) {
            this.credits.replaceChildren(make("li", {}, trouble(error)));
        }
    }

    tellEncoder() {
        const { query, overview } = this.app;
        const info = overview?.encoders.find((one) => one.name === encoderOf(query, overview));
        if (!info) return;
        const facts = [
            [say("good_at"), goodAt(info)],
            [say("languages"), info.languages.join(", ")],
            [say("bytes"), size(info.size_mb * 1e6)],
            [say("licence"), info.licence],
            [say("origin"), info.source],
            [say("collection"), collectionOf(query, overview)?.name],
        ];
        this.encoder.replaceChildren(
            make("h3", {}, info.name),
            make("dl", { class: "mm-facts" }, facts.filter(([, value]) => value).map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
        );
    }
}

function row(item) {
    return make(
        "li",
        {},
        make("img", { src: pictureOf(item, "small"), alt: "", loading: "lazy", width: item.width, height: item.height }),
        make("div", {}, make("b", {}, item.names[language()]), item.credit && make("p", {}, creditOf(item.credit))),
    );
}
