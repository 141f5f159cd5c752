// The address says what is asked, so that Back works and a search can be sent to somebody.

const NAMES = { words: "q", target: "for", find: "find", collection: "in", encoder: "by", k: "n", page: "view" };
const DEFAULTS = { words: "", target: "image", find: "one", collection: "", encoder: "", k: 60, page: "search" };
const MOST = 300; // hits

/** Return the query that an address asks. A picture of the visitor's cannot be in it; one of a collection can. */
export function queryOf({ search }) {
    const asked = new URLSearchParams(search);
    const query = { picture: null, like: null };
    for (const [key, name] of Object.entries(NAMES)) query[key] = asked.get(name) ?? DEFAULTS[key];
    query.k = Math.min(Math.max(Math.trunc(Number(query.k)) || DEFAULTS.k, 1), MOST);
    if (!["image", "text"].includes(query.target)) query.target = DEFAULTS.target;
    if (!["one", "all"].includes(query.find)) query.find = DEFAULTS.find;
    if (!["search", "index", "lab", "about"].includes(query.page)) query.page = DEFAULTS.page;
    const like = Number(asked.get("like"));
    if (Number.isInteger(like) && like > 0) query.like = { id: like, hash: asked.get("hash") ?? "" };
    return query;
}

/** Note a query in the address, as a new step of the history if it is another one. */
export function remember(query, overview) {
    const asked = new URLSearchParams(location.search);
    for (const [key, name] of Object.entries(NAMES)) {
        const usual = key === "collection" ? overview?.collection : DEFAULTS[key];
        if (!query[key] || query[key] === usual) asked.delete(name);
        else asked.set(name, query[key]);
    }
    asked.delete("like");
    asked.delete("hash");
    if (query.like) asked.set("like", query.like.id);
    if (query.like) asked.set("hash", query.like.hash);
    const address = asked.size ? `?${asked}` : location.pathname;
    const note = address === (location.search || location.pathname) ? "replaceState" : "pushState";
    history[note]({ picture: Boolean(query.picture) }, "", address);
}
