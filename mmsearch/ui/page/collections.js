// What there is: each collection with its encoders, and what may be done with them.

import { button, make } from "./dom.js";
import { count, goodAt, number, say, size } from "./words.js";

const SAMPLES = "samples"; // the bundled collection cannot be removed
const HALF = 2; // bytes of a number in a vector

/** Return a card for each collection; `change` calls an endpoint: change(endpoint, ...given). */
export function collectionCards(app, change) {
    const { collections, encoders, rights } = app.overview;
    return collections.map((one) => card(one, encoders, rights.manage, app, change));
}

function card(one, encoders, manage, app, change) {
    const look = () => app.search({ words: "", picture: null, like: null, collection: one.name, encoder: "" });
    const remove = () => confirmed(say("remove_collection_really", { collection: one.name }), () => change("remove_collection", one.name));
    return make(
        "article",
        { class: "mm-card", "data-collection": one.name },
        make(
            "div",
            { class: "mm-card-head" },
            make("h3", {}, one.name),
            make("p", { class: "mm-quiet" }, [count("picture", one.pictures), count("text", one.texts)].join(" · ")),
            make("span", { class: "mm-space" }),
            button({ words: say("look"), class: "mm-button", onclick: look }),
            manage && one.name !== SAMPLES && button({ sign: "trash", words: say("remove"), class: "mm-button mm-danger", onclick: remove }),
        ),
        one.sources.length > 0 && make("p", { class: "mm-sources" }, one.sources.join(" · ")),
        make("ul", { class: "mm-encoders" }, Object.entries(one.vectors).map(([name, held]) => built(name, held, one, encoders, manage, change))),
        manage && others(one, encoders, change),
    );
}

/** Return the row of an encoder that has vectors of the collection. */
function built(name, held, one, encoders, manage, change) {
    const info = encoders.find((encoder) => encoder.name === name);
    const used = one.encoder === name;
    const vectors = held.pictures + held.texts;
    const bytes = info ? size(vectors * info.dim * HALF) : "";
    const remove = () => confirmed(say("remove_encoder_really", { encoder: name, collection: one.name, bytes }), () => change("remove_encoder", one.name, name));
    return make(
        "li",
        { "data-encoder": name },
        make(
            "div",
            {},
            make("b", {}, name),
            used && make("span", { class: "mm-tag mm-strong" }, say("in_use")),
            make("p", { class: "mm-quiet" }, [info && goodAt(info), say("vectors", { n: number(vectors) }), bytes].filter(Boolean).join(" · ")),
        ),
        manage && !used && button({ sign: "check", words: say("use"), class: "mm-button", onclick: () => change("use_encoder", one.name, name) }),
        manage && !used && button({ sign: "trash", words: say("remove"), class: "mm-button mm-danger", onclick: remove }),
    );
}

/** Return the encoders that the collection could be built with, folded away. */
function others(one, encoders, change) {
    const rest = encoders.filter((encoder) => !(encoder.name in one.vectors));
    return make(
        "details",
        { class: "mm-others" },
        make("summary", {}, say("other_encoders")),
        make("ul", { class: "mm-encoders" }, rest.map((encoder) => offered(encoder, one, change))),
        unlisted(one, change),
    );
}

/** Return a form for an encoder that has no name here: a folder or a hub id. */
function unlisted(one, change) {
    const name = make("input", { type: "text", required: true, autocomplete: "off", placeholder: "owner/model" });
    return make(
        "form",
        { class: "mm-unlisted", onsubmit: (event) => { event.preventDefault(); change("build_encoder", one.name, name.value.trim()); } },
        make("label", { class: "mm-label" }, make("span", {}, say("unlisted_encoder")), name),
        make("button", { type: "submit", class: "mm-button" }, say("build")),
    );
}

function offered(encoder, one, change) {
    const facts = [goodAt(encoder), say("weights", { size: size(encoder.size_mb * 1e6) }), encoder.languages.join(", "), encoder.licence];
    const how = say("how_to_get", { command: `mmsearch encoders download ${encoder.name}` });
    return make(
        "li",
        { "data-encoder": encoder.name },
        make("div", {}, make("b", {}, encoder.name), make("p", { class: "mm-quiet" }, facts.filter(Boolean).join(" · ")), !encoder.installed && make("p", { class: "mm-how" }, how)),
        encoder.installed && button({ words: say("build"), class: "mm-button", onclick: () => change("build_encoder", one.name, encoder.name) }),
    );
}

/** Ask before something is removed. */
function confirmed(question, act) {
    const dialog = make(
        "dialog",
        { class: "mm-dialog", "aria-label": question, onclose: () => dialog.remove() },
        make("p", {}, question),
        make(
            "div",
            { class: "mm-buttons" },
            button({ words: say("keep"), class: "mm-button", onclick: () => dialog.close() }),
            button({ words: say("remove"), class: "mm-button mm-danger mm-sure", onclick: () => { dialog.close(); act(); } }),
        ),
    );
    document.querySelector("#mm-app").append(dialog);
    dialog.showModal();
}
