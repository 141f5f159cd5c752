// What the page says instead of pictures: nothing found, nothing there, something went wrong.

import { button, make } from "./dom.js";
import { knows, say } from "./words.js";

/** Return a message with what to do about it; `actions` are [words, function] pairs. */
export function message(heading, words, actions = [], kind = "plain") {
    return make(
        "div",
        { class: `mm-message mm-${kind}` },
        make("h2", {}, heading),
        words && make("p", {}, words),
        actions.length > 0 &&
            make("div", { class: "mm-buttons" }, actions.map(([name, act]) => button({ words: name, class: "mm-button", onclick: act }))),
    );
}

/** Return what to show for an error: a heading in the page's language, and the server's own words. */
export function trouble(error, actions = []) {
    const key = `trouble_${error.kind}`;
    const known = knows(key);
    return message(known ? say(key) : say("trouble"), error.message || say("trouble_unknown"), actions, "problem");
}
