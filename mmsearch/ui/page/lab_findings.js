// What the laboratory found: whether it helped, the figures, and the drawings.

import { clouds, fitsChart, recallChart, spectrum } from "./charts.js";
import { button, icon, make } from "./dom.js";
import { count, duration, language, say } from "./words.js";

const WAYS = { text_to_image: "lab_to_pictures", image_to_text: "lab_to_texts" };

/** Return what to show of a run of the laboratory; `use` lets the encoder that was made search the collection. */
export function findings(found, overview, use) {
    const rows = rowsOf(found);
    const drawn = found.drawing;
    return [
        make("h2", {}, say("lab_found")),
        make("p", { class: "mm-quiet" }, setting(found)),
        found.state === "cancelled" ? make("p", { class: "mm-verdict" }, say("lab_cancelled_help")) : verdict(found, overview, use),
        ...found.methods.filter((one) => one.problem).map((one) => make("p", { class: "mm-quiet" }, say("lab_failed", { method: one.method, reason: one.problem }))),
        rows.length > 0 && table(rows, found.best),
        rows.length > 0 && make("p", { class: "mm-quiet" }, say("lab_per_cent")),
        rows.length > 0 && recallChart(rows, WAYS),
        drawn && clouds(drawn, found.best),
        drawn && spectrum(drawn.spectra, { best: found.best, baseline: found.baseline.method }, nameOf),
        drawn && Object.keys(drawn.curves).length > 0 && fitsChart(Object.entries(drawn.curves)),
    ].filter(Boolean);
}

/** Return what a method is called; the encoder that nothing was learnt on top of has no method. */
function nameOf(method) {
    return method === "as it is" ? say("lab_as_it_is") : method;
}

function setting(found) {
    const encoders = found.aligned ? found.image_encoder : say("lab_two", { image: found.image_encoder, text: found.text_encoder });
    const held = say("lab_held_out", { pictures: count("picture", found.held_out), seeds: found.seeds });
    const learnt = [count("picture", found.pictures), count("text", found.texts)].join(" · ");
    return [found.pairs, encoders, found.pictures && learnt, found.pictures && held, duration(found.seconds)].filter(Boolean).join(" · ");
}

/** Return the methods that were measured, what they are compared with first. */
function rowsOf(found) {
    const among = found.methods.some((one) => one.method === found.baseline.method);
    return [...(among ? [] : [found.baseline]), ...found.methods]
        .filter((one) => one.figures.text_to_image)
        .map((one) => ({ ...one, name: nameOf(one.method) }));
}

function verdict(found, overview, use) {
    const best = found.methods.find((one) => one.method === found.best);
    const made = found.recommended;
    const used = overview.collections.some((one) => one.name === found.pairs && one.encoder === made);
    return make(
        "div",
        { class: `mm-verdict${best?.helped ? " mm-good" : ""}`, role: "status" },
        make("p", {}, best?.helped && icon("check"), make("b", {}, judgement(found, best)), best?.gain && ` ${gainOf(best.gain)}`),
        best && !best.helped && found.aligned && make("p", { class: "mm-quiet" }, say("lab_go_on")),
        made && used && make("p", {}, say("lab_used", { collection: found.pairs })),
        made && !used && button({ words: say("lab_use", { collection: found.pairs }), id: "mm-lab-use", class: "mm-button mm-strong", onclick: use }),
        made && make("p", { class: "mm-quiet" }, make("code", {}, made)),
    );
}

function judgement(found, best) {
    if (!best) return say("lab_nothing");
    const values = { method: best.method, than: nameOf(found.baseline.method) };
    if (!best.gain) return say("lab_is_baseline", values);
    if (best.helped) return say("lab_helped", values);
    return say(found.aligned ? "lab_not_helped" : "lab_best", values);
}

function gainOf({ gain, interval, p }) {
    const points = (share) => (share < 0 ? "−" : "+") + digits(100 * Math.abs(share));
    return say("lab_gain", { gain: points(gain), low: points(interval[0]), high: points(interval[1]), p: p < 0.001 ? "< 0.001" : digits(p, 2) });
}

function table(rows, best) {
    const figures = Object.keys(rows[0].figures.text_to_image);
    const head = (words, attributes = {}) => make("th", { scope: "col", ...attributes }, words);
    return make(
        "div",
        { class: "mm-table mm-lab-table", tabindex: 0, role: "region", "aria-label": say("lab_found") },
        make(
            "table",
            {},
            make(
                "thead",
                {},
                make("tr", {}, head(say("lab_method"), { rowspan: 2 }), Object.values(WAYS).map((key) => make("th", { scope: "colgroup", colspan: figures.length }, say(key))), head(say("lab_fit"), { rowspan: 2 })),
                make("tr", {}, Object.keys(WAYS).map(() => figures.map((name) => head(name)))),
            ),
            make(
                "tbody",
                {},
                rows.map((row) =>
                    make(
                        "tr",
                        { class: row.method === best ? "mm-best" : null },
                        make("th", { scope: "row" }, row.name),
                        Object.keys(WAYS).map((way) => figures.map((name) => make("td", {}, perCent(row.figures[way][name])))),
                        make("td", {}, row.seconds > 0 && duration(row.seconds)),
                    ),
                ),
            ),
        ),
    );
}

function perCent({ mean, high }) {
    return high > mean ? `${digits(100 * mean)} ± ${digits(100 * (high - mean))}` : digits(100 * mean);
}

function digits(value, places = 1) {
    return value.toLocaleString(language(), { minimumFractionDigits: places, maximumFractionDigits: places });
}
