// The newest call of a partner that has lost its answer, kept for this tab, so that any page can finish it.
"use strict";
globalThis.lostCallOf = (partner, changed) => {
  // By partner: a tab may show one after another. Where a browser keeps nothing, the page itself does.
  const slot = `retry ${partner}`;
  let storage = {};
  try { storage = sessionStorage; } catch { /* It is refused together with cookies. */ }
  const kept = () => JSON.parse(storage[slot] ?? null);
  const keep = (lost) => {
    if (lost) storage[slot] = JSON.stringify(lost);
    else delete storage[slot];
    changed();
  };
  const read = async (path) => (await fetch(partner + path)).json();

  // Its exchange is the newest such one that a page has sent.
  const located = async ({ method, path, exchanges }) => {
    const { exchanges: count } = await read("");
    const { data } = await read(`/journal?after=${Math.max(0, count - 20)}`);
    const found = data.findLast((one) => one.method === method && one.url.includes(path)
      && one.request_headers.some(([name]) => name === "sec-fetch-site"));
    return found && [...exchanges.slice(0, -1), { number: found.number, request_id: found.request_id }];
  };
  // A journal that has another exchange in its place, or none, was begun anew.
  const isGone = async ({ number, request_id: id }) => {
    const { data: [now] } = await read(`/journal?after=${number - 1}&limit=1`);
    return !now || (now.number === number && now.request_id !== id);
  };
  // What the journal tells of the call: which exchange it was, or that it is no more.
  const recall = async () => {
    const before = storage[slot], lost = kept();
    if (!lost) return;
    const at = lost.exchanges.at(-1);
    try {
      const isOver = at && await isGone(at), exchanges = at ? null : await located(lost);
      if (storage[slot] !== before) return;
      if (isOver) keep(null);
      else if (exchanges) keep({ ...lost, exchanges });
    } catch { /* The partner or the mock is gone, or the browser is signed out: the page says so. */ }
  };
  return { kept, keep, recall };
};
