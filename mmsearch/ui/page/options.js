// The small controls behind the search box: what to look for, where, by which encoder, how many.

import { make } from "./dom.js";
import { count, goodAt, say } from "./words.js";

const TARGETS = { image: "target_image", text: "target_text" };
const FINDS = { one: "find_one", all: "find_all" };
const COUNTS = [24, 60, 120, 300];

/** Return the controls; `changed` is called when the query was changed by one of them. */
export function options(query, overview, changed) {
    const set = (name, value) => {
        query[name] = value;
        changed();
    };
    return make(
        "div",
        { class: "mm-options" },
        segments("target", TARGETS, query.target, (value) => set("target", value)),
        segments("find", FINDS, query.find, (value) => set("find", value)),
        chooser("collection", "mm-collection", query.collection, collections(overview), (value) => {
            query.encoder = ""; // the one that searches the other collection
            set("collection", value);
        }),
        chooser("encoder", "mm-encoder", encoderOf(query, overview), encoders(query, overview), (value) => set("encoder", value)),
        chooser("k", "mm-count", String(query.k), COUNTS.map((k) => [String(k), say("up_to", { n: k })]), (value) => set("k", Number(value))),
    );
}

/** Return the collection that is searched, as the server tells of it. */
export function collectionOf(query, overview) {
    return overview.collections.find((one) => one.name === query.collection);
}

/** Return the name of the encoder that answers. */
export function encoderOf(query, overview) {
    return query.encoder || collectionOf(query, overview)?.encoder || "";
}

/** Return a line on the encoder in use and what it is good at. */
export function goodAtLine(query, overview) {
    const name = encoderOf(query, overview);
    const info = overview.encoders.find((one) => one.name === name);
    return info ? say("encoder_good_at", { encoder: name, good_at: goodAt(info) }) : name;
}

/** Return buttons of which one is pressed; `values` holds the name of the words of each. */
function segments(key, values, pressed, chosen) {
    return make(
        "div",
        { class: "mm-segments", role: "group", "aria-label": say(key) },
        Object.entries(values).map(([value, name]) =>
            make("button", { type: "button", "aria-pressed": String(value === pressed), onclick: () => chosen(value) }, say(name)),
        ),
    );
}

function chooser(key, id, value, choices, chosen) {
    const select = make(
        "select",
        { id, onchange: () => chosen(select.value) },
        choices.map(([name, words]) => make("option", { value: name, selected: name === value }, words)),
    );
    return make("label", { class: "mm-chooser" }, make("span", {}, say(key)), select);
}

function collections(overview) {
    return overview.collections.map((one) => [one.name, `${one.name} · ${count("picture", one.pictures)}`]);
}

function encoders(query, overview) {
    const used = encoderOf(query, overview); // even where it has read nothing yet
    return [...new Set([...Object.keys(collectionOf(query, overview)?.vectors ?? {}), used])].map((name) => [name, name]);
}
