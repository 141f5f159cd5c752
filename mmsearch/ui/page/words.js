// What the page says, in the visitor's language.

const REMEMBERED = "mmsearch-language";
let strings = {};
let chosen = "en";

/** Take the strings of every language; the visitor's choice counts, then the browser's language. */
export function learn(all) {
    strings = all;
    const remembered = localStorage.getItem(REMEMBERED);
    speak(remembered in all ? remembered : navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
}

/** Speak a language from now on. */
export function speak(language) {
    chosen = language;
    document.documentElement.lang = language === "zh" ? "zh-CN" : language;
}

export function remember(language) {
    localStorage.setItem(REMEMBERED, language);
    speak(language);
}

export function language() {
    return chosen;
}

export function knows(key) {
    return key in strings[chosen];
}

/** Return the string called `key`, each {name} in it replaced by the value of that name. */
export function say(key, values = {}) {
    const text = strings[chosen][key] ?? strings.en[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Return "1 picture", "2 pictures" and the like; `noun` is "picture" or "text". */
export function count(noun, n) {
    return say(n === 1 ? `one_${noun}` : `n_${noun}s`, { n: number(n) });
}

export function number(n) {
    return n.toLocaleString(chosen);
}

/** Return how well a hit matches: a probability where there is one, else its score. */
export function measure(hit) {
    return hit.probability == null ? hit.score.toFixed(3) : say("percent", { n: Math.round(100 * hit.probability) });
}

/** Return a number of bytes as a person reads it. */
export function size(bytes) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let power = 0;
    while (bytes >= 1000 && power < units.length - 1) {
        bytes /= 1000;
        power += 1;
    }
    return `${power && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[power]}`;
}

/** Return a time as a person reads it: "40 s", "3 min", "2.5 h". */
export function duration(seconds) {
    if (seconds < 90) return say("time_seconds", { n: seconds < 10 ? seconds.toFixed(1) : Math.round(seconds) });
    if (seconds < 5400) return say("time_minutes", { n: Math.round(seconds / 60) });
    return say("time_hours", { n: (seconds / 3600).toFixed(1) });
}

/** Return what an encoder is good at, in the page's language where that is known. */
export function goodAt(encoder) {
    const key = `good_at_${encoder.name}`;
    return knows(key) ? say(key) : encoder.good_at;
}
