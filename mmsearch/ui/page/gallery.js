// The gallery: a list of pictures as buttons, one of which takes part in the tab order.

import { make } from "./dom.js";
import { aspect, layOut, neighbour } from "./justified.js";
import { pictureOf } from "./server.js";
import { language, measure, say } from "./words.js";

const GAP = 6; // pixels
const EAGER = 24; // pictures that are asked for before they are laid out: about one screen
const KEPT = 400; // pictures that stay loaded after they have left the page
const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

export class Gallery {
    /** `opened` is called with the index of a picture that was chosen. */
    constructor(opened) {
        this.element = make("ul", { id: "mm-gallery", class: "mm-gallery", "aria-label": say("gallery") });
        this.items = [];
        this.places = []; // the list elements of pictures, in order
        this.groups = [{ from: 0, name: null }]; // runs of pictures that stand together, each below its name
        this.rows = [];
        this.current = 0;
        this.width = 0;
        this.element.addEventListener("click", (event) => {
            const tile = event.target.closest(".mm-tile");
            if (tile) opened(this.tiles().indexOf(tile));
        });
        this.element.addEventListener("keydown", (event) => this.moveBy(event));
        // Told before the next frame is painted, so nothing has to be measured while the page is being changed.
        new ResizeObserver(([entry]) => {
            const width = Math.floor(entry.contentRect.width);
            if (!width || width === this.width) return;
            this.width = width;
            this.fit();
        }).observe(this.element);
    }

    /** Show items instead of those before. */
    show(items) {
        this.items = items;
        this.current = 0;
        this.groups = [{ from: 0, name: null }];
        this.places = items.map(place);
        this.fit();
        this.element.replaceChildren(...this.places);
    }

    /** Show more items behind those that are there. */
    add(items) {
        const first = this.items.length;
        const more = items.map((item, index) => place(item, first + index));
        this.items = [...this.items, ...items];
        this.places = [...this.places, ...more];
        this.fit();
        this.element.append(...more);
    }

    /**
     * Show the same items, or some of them, in another order: each moves to its new place, and says how far it rose.
     * `groups` are {from, name}, the first from 0; without them all stand together.
     */
    reorder(items, groups = [{ from: 0, name: null }]) {
        const before = new Map(this.items.map((item, index) => [item.id, this.places[index]]));
        const from = new Map([...before.values()].map((one) => [one, one.getBoundingClientRect()]));
        const focused = document.activeElement;
        this.items = items;
        this.groups = groups;
        this.places = items.map((item, index) => before.get(item.id) ?? place(item, index));
        this.places.forEach((one, index) => judge(one, items[index]));
        this.fit();
        this.element.replaceChildren(...this.grouped());
        this.setCurrent(Math.max(0, this.tiles().indexOf(focused)));
        if (this.element.contains(focused)) focused.focus({ preventScroll: true });
        for (const one of this.places) slide(one, from.get(one));
    }

    /** Return the list elements with the names of groups between them. */
    grouped() {
        return this.groups.flatMap(({ from, name }, group) => [
            ...(name ? [make("li", { class: "mm-group" }, name)] : []),
            ...this.places.slice(from, this.groups[group + 1]?.from),
        ]);
    }

    tiles() {
        return [...this.element.querySelectorAll(".mm-tile")];
    }

    /** Mark the picture that the panel shows; -1 marks none. */
    mark(index) {
        this.tiles().forEach((tile, place) => tile.classList.toggle("mm-open", place === index));
        if (index >= 0) this.setCurrent(index);
    }

    focus(index = this.current) {
        this.setCurrent(index);
        const tile = this.tiles()[index];
        tile?.focus({ preventScroll: true });
        tile?.scrollIntoView({ block: "nearest" });
    }

    reveal(index) {
        this.tiles()[index]?.scrollIntoView({ block: "nearest" });
    }

    setCurrent(index) {
        this.current = index;
        this.tiles().forEach((tile, place) => (tile.tabIndex = place === index ? 0 : -1));
    }

    moveBy(event) {
        if (!MOVES.includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        event.stopPropagation();
        this.focus(neighbour(this.rows, this.current, event.key, GAP));
        this.element.dispatchEvent(new CustomEvent("moved", { detail: this.current }));
    }

    /** Lay the pictures out for the width there is. */
    fit() {
        if (!this.width) return; // not on the page yet
        const wanted = this.width < 600 ? 136 : Math.min(Math.max(this.width / 6, 168), 232);
        this.rows = this.groups.flatMap(({ from }, group) => {
            const aspects = this.items.slice(from, this.groups[group + 1]?.from).map(aspect);
            return layOut(aspects, this.width, wanted, GAP).map((row) => ({ ...row, from: from + row.from }));
        });
        for (const row of this.rows) {
            row.widths.forEach((one, index) => {
                const { style } = this.places[row.from + index];
                style.width = `${one}px`;
                style.height = `${row.height}px`;
            });
        }
    }
}

const kept = new Map(); // address -> picture, the one asked for last at the end

/** Return the picture of an item. One that was shown before is taken again: it is loaded and decoded already. */
function pictureFor(item, index) {
    const address = pictureOf(item, "small");
    let picture = kept.get(address);
    if (!picture) {
        const size = { width: item.width, height: item.height };
        picture = make("img", { src: address, ...size, loading: index < EAGER ? "eager" : "lazy", decoding: "async", draggable: "false" });
        picture.addEventListener("error", () => lose(picture));
    }
    kept.delete(address);
    kept.set(address, picture);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    return picture;
}

/** Let the words do where the file is gone or cannot be read. */
function lose(picture) {
    const tile = picture.closest(".mm-tile");
    picture.hidden = true;
    tile?.classList.add("mm-gone");
    tile?.setAttribute("aria-label", `${picture.alt} (${say("picture_gone")})`);
}

const ROSE = 3; // places from which on it is worth saying

/** Say on a tile how probably it matches, and that it rose. */
function judge(one, item) {
    const tile = one.querySelector(".mm-tile");
    const figure = tile.querySelector(".mm-tile-words b");
    if (figure) figure.textContent = item.probability == null ? "" : measure(item); // a cosine is on another scale
    tile.querySelector(".mm-rose")?.remove();
    const rose = item.probability == null ? 0 : item.found_at - item.rank;
    if (rose >= ROSE) tile.append(make("span", { class: "mm-rose", title: say("rose", { n: rose }) }, `▲ ${rose}`));
}

/** Let an element glide from where it was. */
function slide(element, from) {
    if (!from || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const to = element.getBoundingClientRect();
    const [x, y] = [from.left - to.left, from.top - to.top];
    if (!x && !y) return;
    element.animate([{ transform: `translate(${x}px, ${y}px)`, zIndex: 1 }, { transform: "none", zIndex: 1 }], { duration: 320, easing: "ease" });
}

function place(item, index) {
    const name = item.names[language()] || say("untitled");
    const picture = pictureFor(item, index);
    picture.alt = name;
    const score = item.score === undefined ? null : make("b", {}, measure(item));
    const tile = make(
        "button",
        { type: "button", class: "mm-tile", tabindex: index ? -1 : 0 },
        picture,
        make("span", { class: "mm-tile-words", "aria-hidden": "true" }, make("span", {}, name), score),
    );
    if (picture.hidden) lose(picture); // it was gone before
    return make("li", {}, tile);
}
