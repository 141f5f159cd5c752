// Rows of pictures in their true proportions that fill the width.

const UNKNOWN = 4 / 3; // width by height of a picture whose size is not known
const WIDEST = 4; // a panorama wider than this would leave a row flat
const LAST_STRETCH = 1.25; // how much higher than wanted a row that is not full may grow

/** Return width by height of an item, within what a row can show. */
export function aspect(item) {
    const known = item.width && item.height ? item.width / item.height : UNKNOWN;
    return Math.min(Math.max(known, 1 / WIDEST), WIDEST);
}

/**
 * Return rows of {from, widths, height} in pixels.
 *
 * A row takes pictures until it would be lower than `wanted`, then shrinks or grows to fill `width` exactly. The last
 * one stays at about the height wanted.
 */
export function layOut(aspects, width, wanted, gap) {
    const rows = [];
    let from = 0;
    let sum = 0;
    aspects.forEach((one, index) => {
        sum += one;
        const room = width - gap * (index - from);
        const last = index === aspects.length - 1;
        if (sum * wanted >= room || last) {
            const height = Math.min(room / sum, last ? wanted * LAST_STRETCH : Infinity);
            const full = height === room / sum;
            rows.push({ from, height: Math.floor(height), widths: spread(aspects.slice(from, index + 1), height, full && room) });
            from = index + 1;
            sum = 0;
        }
    });
    return rows;
}

/** Return whole widths whose sum is `room`, where the row is to be filled: half pixels would break it. */
function spread(aspects, height, room) {
    let edge = 0;
    let taken = 0;
    return aspects.map((one, index) => {
        edge += one * height;
        const end = room && index === aspects.length - 1 ? Math.floor(room) : Math.floor(edge);
        const width = end - taken;
        taken = end;
        return width;
    });
}

/** Return the index that an arrow key leads to from `index`; up and down keep to the column as the eye sees it. */
export function neighbour(rows, index, key, gap) {
    const total = rows.reduce((sum, row) => sum + row.widths.length, 0);
    if (key === "ArrowLeft") return Math.max(index - 1, 0);
    if (key === "ArrowRight") return Math.min(index + 1, total - 1);
    if (key === "Home") return 0;
    if (key === "End") return total - 1;
    const here = rows.findIndex((row) => index < row.from + row.widths.length);
    const there = rows[here + (key === "ArrowDown" ? 1 : -1)];
    if (!there) return index;
    const middle = centre(rows[here], index - rows[here].from, gap);
    const distances = there.widths.map((_, place) => Math.abs(centre(there, place, gap) - middle));
    return there.from + distances.indexOf(Math.min(...distances));
}

function centre(row, place, gap) {
    const before = row.widths.slice(0, place).reduce((sum, width) => sum + width + gap, 0);
    return before + row.widths[place] / 2;
}
