// Draws what the laboratory found: recall, both clouds before and after, the spectrum of correlations, and how fits went.

import { make, shape } from "./dom.js";
import { language, say } from "./words.js";

const LINKED = 30; // pairs that are joined by a line
const WIDEST = [10, 20, 40, 60, 80, 100]; // per cent, where an axis may end
const QUARTERS = [0, 25, 50, 75, 100]; // of the width of an axis
const HEIGHT = 50; // of the spectrum, where 100 is its width
const HIGH = 40; // of the curves of a fit, likewise

/** Return each row's figures with their intervals, a panel for each way; `ways` holds the name of their words. */
export function recallChart(rows, ways) {
    const names = Object.keys(rows[0].figures.text_to_image);
    const highest = Math.max(...rows.flatMap((row) => Object.keys(ways).flatMap((way) => Object.values(row.figures[way]).map(({ high }) => high))));
    const widest = WIDEST.find((share) => share >= 100 * highest) ?? 100;
    const panels = Object.entries(ways).map(([way, key]) =>
        make("div", { class: "mm-recall", role: "img", "aria-label": say(key) }, make("h4", {}, say(key)), rows.map((row) => recallRow(row, row.figures[way], widest)), axis(widest)),
    );
    const legend = make("p", { class: "mm-legend" }, names.map((name, at) => make("span", {}, make("i", { class: `mm-dot mm-dot-${at}` }), name)));
    return figure(say("lab_recall"), make("div", { class: "mm-panels" }, panels), legend);
}

function recallRow(row, figures, widest) {
    const marks = Object.values(figures).map((spread, at) => {
        const [from, mean, to] = [spread.low, spread.mean, spread.high].map((share) => (10000 * Math.min(Math.max(share, 0), 1)) / widest);
        return [
            make("i", { class: `mm-reach mm-dot-${at}`, style: `left:${from.toFixed(1)}%;width:${(to - from).toFixed(1)}%` }),
            make("i", { class: `mm-dot mm-dot-${at}`, style: `left:${mean.toFixed(1)}%` }),
        ];
    });
    return make("div", { class: "mm-recall-row" }, make("span", {}, row.name), make("div", { class: "mm-track" }, marks));
}

function axis(widest) {
    return make("div", { class: "mm-recall-row mm-axis" }, make("span", {}), make("div", { class: "mm-track" }, QUARTERS.map((at) => make("span", { style: `left:${at}%` }, say("percent", { n: (at * widest) / 100 })))));
}

/** Return held-out pictures and texts as points, before and after. */
export function clouds({ before, after, one_plane: together }, method) {
    const legend = make("p", { class: "mm-legend" }, make("span", {}, make("i", { class: "mm-dot mm-dot-0" }), say("lab_pictures")), make("span", {}, make("i", { class: "mm-dot mm-triangle" }), say("lab_texts")));
    const panels = [
        [say(together ? "lab_before" : "lab_before_apart"), before],
        [say("lab_after", { method }), after],
    ].map(([words, points]) => make("div", { class: "mm-cloud", role: "img", "aria-label": words }, make("h4", {}, words), cloud(points)));
    return figure(say("lab_clouds"), make("div", { class: "mm-panels" }, panels), legend);
}

function cloud([pictures, texts]) {
    const all = [...pictures, ...texts];
    const [low, high] = [Math.min, Math.max].map((end) => [0, 1].map((axis) => end(...all.map((point) => point[axis]))));
    const scale = 92 / Math.max(high[0] - low[0], high[1] - low[1], 1e-9);
    const place = (point) => [0, 1].map((axis) => (50 + scale * (point[axis] - (low[axis] + high[axis]) / 2)).toFixed(2));
    const [from, to] = [pictures.map(place), texts.map(place)];
    return shape(
        "svg",
        { viewBox: "0 0 100 100", "aria-hidden": "true" },
        from.slice(0, LINKED).map(([x, y], at) => shape("path", { class: "mm-link", d: `M${x} ${y}L${to[at].join(" ")}` })),
        from.map(([x, y]) => shape("circle", { class: "mm-point-picture", cx: x, cy: y, r: 1.1 })),
        to.map(([x, y]) => shape("path", { class: "mm-point-text", d: `M${x} ${y}m0-1.5l1.4 2.4h-2.8z` })),
    );
}

/** Return how strongly each coordinate of texts correlates with that of their pictures, strongest first. */
export function spectrum(spectra, { best, baseline }, nameOf) {
    const kind = (method) => (method === best ? "best" : method === baseline ? "baseline" : "other");
    const methods = Object.keys(spectra).sort((a, b) => (kind(b) === "other") - (kind(a) === "other")); // others lie below
    const widest = Math.max(...Object.values(spectra).map((values) => values.length), 2);
    const least = Math.min(0, ...Object.values(spectra).map((values) => Math.min(...values)));
    const across = (at) => 100 * (Math.log(at) / Math.log(widest));
    const up = (value) => (HEIGHT * (1 - value)) / (1 - least);
    const lines = methods.map((method) => {
        const points = spectra[method].map((value, at) => `${across(at + 1).toFixed(2)},${up(value).toFixed(2)}`);
        return shape("polyline", { class: `mm-line-${kind(method)}`, points: points.join(" ") });
    });
    const grid = [0, 0.5, 1].map((value) => shape("path", { class: "mm-grid", d: `M0 ${up(value)}H100` }));
    const levels = [0, 0.5, 1].map((value) => make("span", { style: `top:${((100 * up(value)) / HEIGHT).toFixed(1)}%` }, String(value)));
    const steps = [1, 10, 100, 1000].filter((at) => at <= widest).map((at) => make("span", { style: `left:${across(at).toFixed(1)}%` }, String(at)));
    const kinds = [...new Set(methods.map(kind))].reverse().map((one) => {
        const words = { best: best && nameOf(best), baseline: nameOf(baseline), other: say("lab_others") }[one];
        return make("span", {}, make("i", { class: `mm-stroke mm-line-${one}` }), words);
    });
    return figure(
        say("lab_spectrum"),
        make(
            "div",
            { class: "mm-spectrum", role: "img", "aria-label": say("lab_spectrum") },
            make("div", { class: "mm-levels" }, levels),
            shape("svg", { viewBox: `0 0 100 ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, grid, lines),
            make("div", { class: "mm-steps" }, steps),
        ),
        make("p", { class: "mm-quiet" }, say("lab_axes")),
        make("p", { class: "mm-legend" }, kinds),
    );
}

/** Return how the fits of each method went: `[name, curves]`, one curve for each time that it fitted. */
export function fitsChart(methods) {
    const panels = methods.map(([name, curves]) => make("div", { class: "mm-fit" }, make("h4", {}, name), fit(curves)));
    return figure(say("lab_fits"), make("div", { class: "mm-panels" }, panels), make("p", { class: "mm-quiet" }, say("lab_fits_help")));
}

/** Return the curves of one method: losses, and how well pairs that it holds out find each other, each on a scale of its own. */
export function fit(curves) {
    const longest = Math.max(...curves.map((curve) => curve.loss.length), 2);
    const kinds = ["loss", "held_out"].filter((kind) => curves.some((curve) => curve[kind].length));
    const lines = kinds.flatMap((kind) => {
        const all = curves.flatMap((curve) => curve[kind]);
        const [low, high] = [Math.min(...all), Math.max(...all)];
        const up = (value) => (HIGH * (1 - (value - low) / Math.max(high - low, 1e-9))).toFixed(2);
        const points = (values) => values.map((value, at) => `${((100 * at) / (longest - 1)).toFixed(2)},${up(value)}`).join(" ");
        return curves.map((curve, at) => shape("polyline", { class: `mm-fit-${kind}${at < curves.length - 1 ? " mm-earlier" : ""}`, points: points(curve[kind]) }));
    });
    const now = curves[curves.length - 1];
    const ends = kinds.map((kind) => {
        const [from, to] = [now[kind][0], now[kind][now[kind].length - 1]].map((value) => value.toLocaleString(language(), { maximumSignificantDigits: 3 }));
        return make("span", {}, make("i", { class: `mm-stroke mm-fit-${kind}` }), say(`fit_${kind}`, { from, to }));
    });
    const epochs = say("fit_epoch", { n: now.loss.length });
    return [
        shape("svg", { class: "mm-fit-curves", viewBox: `0 0 100 ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" }, lines),
        make("p", { class: "mm-legend" }, ends, make("span", {}, epochs)),
    ];
}

function figure(words, ...content) {
    return make("figure", { class: "mm-chart" }, make("figcaption", {}, make("h3", {}, words)), content);
}
