// Builds elements. Whatever a stranger wrote goes in as text or as an attribute, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

// Outlines on a grid of 24, drawn for this page.
const OUTLINES = {
    search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16.2 16.2 21 21",
    picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 8.5v.01",
    close: "M6 6l12 12M18 6 6 18",
    left: "M15 5l-7 7 7 7",
    right: "M9 5l7 7-7 7",
    sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
    moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5",
    copy: "M9 9h11v11H9zM15 9V4H4v11h5",
    open: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
    similar: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM16.5 13.5v6M13.5 16.5h6",
    folder: "M3 6h6l2 2h10v11H3z",
    upload: "M12 16V4M7 9l5-5 5 5M4 16v4h16v-4",
    trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v6M14 11v6",
    check: "M4 12l5 6L20 6",
};

/**
 * Return an element. An attribute that is a function listens to the event of its name without "on"; true stands
 * for an attribute without a value; null and false leave it out. Children that are null or false are left out too.
 */
export function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (typeof value === "function") element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

/** Return an element of a drawing (SVG). */
export function shape(tag, attributes = {}, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
    element.append(...children.flat());
    return element;
}

/** Return a drawn sign that screen readers pass over. */
export function icon(name) {
    return shape("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "mm-icon" }, shape("path", { d: OUTLINES[name] }));
}

/** Return a button with a sign, words, or both; without words `label` names it. */
export function button({ sign, words, label, ...attributes }) {
    const names = words ? {} : { "aria-label": label, title: label };
    return make("button", { type: "button", ...names, ...attributes }, sign && icon(sign), words && make("span", {}, words));
}

/** Return words as a link that tells the other side nothing, or bare where the address is not http or https. */
export function link(address, words) {
    let parsed = null;
    try {
        parsed = new URL(address);
    } catch {
        return document.createTextNode(words); // no address, or not an absolute one
    }
    if (!["http:", "https:"].includes(parsed.protocol)) return document.createTextNode(words);
    return make("a", { href: parsed.href, target: "_blank", rel: "noopener noreferrer nofollow" }, words);
}
