// What the console's pages do beside htmx: bodies in JSON, the last request as curl, live parts.
"use strict";
(() => {
  const GONE = "This page shows what was: the partner or the session is gone. Load it again.";
  const byId = (id) => document.getElementById(id);
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const say = (text) => { byId("said").textContent = text; };

  // A form's fields as JSON: names with dots are nested, empty and disabled fields are left out.
  const formBody = (form) => {
    const body = {};
    for (const field of form.elements) {
      if (!field.name || field.disabled || field.value === "") continue;
      const path = field.name.split("."), last = path.pop();
      let place = body;
      for (const part of path) place = place[part] ??= {};
      place[last] = field.dataset.type === "number" ? Number(field.value) : field.value;
    }
    return JSON.stringify(body);
  };
  const bodyOf = (element) => {
    if (element.dataset.bodyFrom === "form") return formBody(element);
    return element.dataset.body ?? null;
  };

  htmx.defineExtension("json-body", {
    onEvent: (name, event) => {
      if (name !== "htmx:configRequest") return;
      const headers = event.detail.headers;
      if (bodyOf(event.detail.elt) === null) delete headers["Content-Type"];
      else headers["Content-Type"] = "application/json";
    },
    encodeParameters: (request, parameters, element) => bodyOf(element) ?? "",
  });

  // What stands in a query before each token.
  const queryOf = (path, places) => places.filter((one) => one.location === "query").map(
    ({ name }, at) => `${at || path.includes("?") ? "&" : "?"}${encodeURIComponent(name)}=`);

  // The last request of the page, for a person and for the shell.
  const TOKEN = '"$TOKEN"';
  const curlOf = (method, path, headers, body, { before = "", token_places: places = [], basic = null } = {}) => {
    const words = ["curl", "-g", "-i", "-X", method];
    const end = queryOf(path, places).map((start) => quoted(start) + TOKEN).join("");
    words.push(quoted(location.origin + path) + end);
    const { adminToken } = document.body.dataset;
    if (adminToken && path.startsWith("/_mock/")) words.push("-H", `"Authorization: Bearer ${adminToken}"`);
    if (basic !== null) words.push("-u", `${quoted(`${basic}:`)}"$CLIENT_SECRET"`);
    for (const { location: where, name, prefix } of places) {
      if (where === "header") words.push("-H", quoted(`${name}: ${prefix}`) + TOKEN);
      else if (where === "cookie") words.push("-b", quoted(`${name}=`) + TOKEN);
    }
    for (const [name, value] of Object.entries(headers)) words.push("-H", quoted(`${name}: ${value}`));
    if (body) words.push("--data-raw", quoted(body));
    return before + words.join(" ");
  };
  const parsed = (text) => {
    try { return JSON.parse(text); } catch { return null; }
  };
  const pretty = (text) => {
    const value = parsed(text);
    return value === null ? text : JSON.stringify(value, null, 2);
  };
  const pageOf = (text) => new DOMParser().parseFromString(text, "text/html");
  // What is wrong, from a problem document or from a page of the console.
  const detailOf = (answer) => {
    const problem = parsed(answer);
    return (problem ? problem.detail : pageOf(answer).querySelector("main > p")?.textContent) ?? "";
  };
  // What the control plane has done, by the page's table.
  const panel = byId("sent"), statuses = JSON.parse(panel.dataset.statuses);
  const outcomes = JSON.parse(panel.dataset.outcomes);
  const outcomesOf = (method, path) => outcomes.filter(
    (one) => one.method === method && new RegExp(`^${one.path}$`).test(path));
  const saidOf = (method, path, answer) => outcomesOf(method, path).find(
    ({ when }) => Object.entries(when).every(([name, value]) => parsed(answer)?.[name] === value)) ?? {};
  const show = (method, path, answer, curl, said = saidOf(method, path, answer.text)) => {
    const { status, statusText, text, isReplay } = answer, isDone = status >= 200 && status < 400;
    const words = isDone
      ? (isReplay ? said.replayed : said.done) ?? `${statusText || "Done"}.`
      : statuses[status] ?? statuses[String(status)[0]];
    tell(said.name ? `${said.name}: ${words}` : words, isDone ? "good" : "bad");
    isTelling = false;
    offerRetry();
    byId("sent-detail").textContent = isDone ? "" : detailOf(text);
    byId("sent-request").textContent = `${method} ${path}: ${status || "no answer"}`;
    byId("sent-details").hidden = false;
    byId("sent-curl").textContent = curl;
    byId("sent-answer").textContent = text ? pretty(text) : "(no body)";
    // What is shown once must be seen, where it does not cover the page.
    byId("sent-details").open = path.startsWith("/_mock/") && /"(client_secret|access_token)"/.test(text)
      && matchMedia("(min-width: 60rem)").matches;
  };
  // The page is not, or no longer, what it was: the panel says so until it is again.
  let isTelling = false;
  const tell = (text, tone = "bad") => {
    isTelling = true;
    panel.hidden = false;
    panel.className = `sent ${tone}`;
    byId("sent-words").textContent = text;
    byId("sent-detail").textContent = byId("sent-request").textContent = "";
    byId("sent-details").hidden = byId("sent-lost").hidden = true;
  };
  const tellNoMore = () => {
    if (!isTelling) return;
    panel.hidden = true;
    isTelling = false;
    remind();
  };
  byId("sent-close").addEventListener("click", () => {
    panel.hidden = true;
    if (!byId("sent-lost").hidden) keep(null);
  });

  // The call that has lost its answer is offered for a retry, by the panel and by the page of its exchange.
  const { partner, journal } = panel.dataset;
  const offerRetry = () => {
    const lost = kept(), at = lost?.exchanges.at(-1);
    byId("sent-lost").hidden = !lost || isTelling;
    byId("sent-which").textContent = at ? `exchange ${at.number}` : "it";
    byId("sent-journal").href = at ? `${journal}/${at.number}` : journal;
    for (const button of document.querySelectorAll("[data-retry-of]"))
      button.hidden = !lost?.exchanges.some((one) => one?.request_id === button.dataset.retryOf);
  };
  const remind = () => {
    const lost = kept();
    if (!lost) return;
    const { method, path, headers, body, status, said } = lost;
    show(method, path, { status, text: "" }, curlOf(method, path, headers, body, lost), said);
  };
  const { kept, keep, recall } = lostCallOf(partner, offerRetry);

  // What cannot be undone is asked first. The page may be read again meanwhile, with another such button.
  let isAgreed = false;
  document.addEventListener("htmx:confirm", (event) => {
    const { verb, path, elt } = event.detail, ask = byId("ask");
    const asks = outcomesOf(verb.toUpperCase(), path)[0]?.asks;
    if (!asks || isAgreed) return;
    event.preventDefault();
    byId("ask-title").textContent = `${elt.getAttribute("aria-label") ?? elt.textContent}?`;
    byId("ask-what").textContent = asks;
    ask.returnValue = "";
    ask.addEventListener("close", () => {
      const button = byId(elt.id) ?? elt;
      button.focus();
      isAgreed = ask.returnValue === "yes";
      // htmx listens to a button a moment after it came, and a click would be lost until then.
      htmx.process(button);
      if (isAgreed) button.click();
      isAgreed = false;
    }, { once: true });
    ask.showModal();
  });

  // The page again, with the parts that were folded out, and the focus where it was; but not while a button of it
  // waits for its answer, which htmx tells by that very button.
  let isRefreshing = false, isStale = false, awaited = 0;
  document.addEventListener("htmx:beforeSend", ({ detail }) => { if (detail.requestConfig.verb !== "get") awaited += 1; });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (awaited && detail.target.id === "content") [detail.shouldSwap, isStale] = [false, true];
  });
  const refresh = async () => {
    if (byId("rows")) return;
    if (isRefreshing) { isStale = true; return; }
    isRefreshing = true;
    const open = [...document.querySelectorAll("#content details[open][id], .who[open]")].map((one) => one.id);
    const focused = document.activeElement.id;
    try {
      await htmx.ajax("GET", location.href, { target: "#content", select: "#content", swap: "outerHTML" });
    } finally { isRefreshing = false; }
    for (const id of open) byId(id)?.setAttribute("open", "");
    // What was folded in could not be focused.
    if (focused && document.activeElement === document.body) byId(focused)?.focus();
    choose();
    offerRetry();
    if (isStale) { isStale = false; later(); }
  };
  let timer = null;
  const later = () => { timer ??= setTimeout(() => { timer = null; refresh(); }, 300); };

  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr, requestConfig: config } = event.detail;
    if (config.verb === "get") {
      if (xhr.responseURL.endsWith("/sign-in")) location.reload();
      else if (!event.detail.successful) tell(xhr.status ? GONE : "The mock does not answer.");
      return;
    }
    awaited -= 1;
    const body = elt.hasAttribute("data-secret") ? "" : bodyOf(elt);
    const headers = body ? { "Content-Type": "application/json" } : {};
    const method = config.verb.toUpperCase();
    const { status, statusText, responseText: text } = xhr;
    show(method, config.path, { status, statusText, text }, curlOf(method, config.path, headers, body));
    if (!event.detail.successful) return;
    if (elt.dataset.then) location.assign(elt.dataset.then);
    else { recall(); refresh(); }
  });

  const newKey = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  };

  // A token that the API wants in a cookie is there while the request is sent.
  const setCookies = (places, value, seconds) => {
    for (const { location: where, name } of places)
      if (where === "cookie") document.cookie = `${name}=${value}; path=/; max-age=${seconds}; SameSite=Strict`;
  };

  // The partner's secret, from the one page that may show it.
  const secretOf = async (page) => {
    const found = (root) => root.getElementById("client-secret")?.textContent;
    return found(document) ?? found(pageOf(await (await fetch(page)).text()));
  };
  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

  // A request to the API itself, as the client would send it: with the token and the key that the page shows, if any.
  let token = null;
  const used = new Set();
  // Refusals that do not tell what became of the first request: a retry with them is still open.
  const UNDECIDED = [401, 409, 429];
  const send = async (request, isRetry = false) => {
    const { method, path, headers, body, token_places: places, basic, key_header: keyHeader } = request;
    if (keyHeader && !isRetry) {
      const shown = headers[keyHeader];
      headers[keyHeader] = shown && !used.has(shown) ? shown : newKey();
      used.add(headers[keyHeader]);
    }
    const curl = curlOf(method, path, headers, body, request);
    const sent = { ...headers };
    const keepLost = (status) => {
      if (!keyHeader) return;
      const exchanges = [...request.exchanges ?? [], null];
      keep({ ...request, before: request.before_elsewhere, status, exchanges });
      recall();
    };
    try {
      if (places.length)
        token ??= byId("token")?.textContent ?? (await (await fetch(`${partner}/tokens`, { method: "POST" })).json()).access_token;
      if (basic !== null) sent.Authorization = `Basic ${base64(`${basic}:${await secretOf(request.secret_page)}`)}`;
      for (const { location: where, name, prefix } of places)
        if (where === "header") sent[name] = prefix + token;
      const end = queryOf(path, places).map((start) => start + encodeURIComponent(token)).join("");
      setCookies(places, token, 60);
      const options = { method, headers: sent, body: body || undefined };
      const answer = await fetch(location.origin + path + end, options)
        .finally(() => setCookies(places, "", 0));
      const { status, statusText } = answer, isReplay = answer.headers.has("Idempotent-Replayed");
      if (status === 401) token = null;
      show(method, path, { status, statusText, text: await answer.text(), isReplay }, curl, request.said);
      if (status >= 500) keepLost(status);
      else if (isRetry && !UNDECIDED.includes(status)) keep(null);
    } catch (error) {
      show(method, path, { status: 0, text: "" }, curl, request.said);
      byId("sent-answer").textContent = `The browser got no answer: ${error.message}`;
      keepLost(0);
    }
    refresh();
  };
  // Several requests, one a line, that are one thing to do: the first that fails is the one shown.
  const sendAll = async (button) => {
    const commands = [];
    let shown = null;
    for (const { verb, path, body } of button.dataset.steps.split("\n").map((one) => JSON.parse(one))) {
      const headers = body ? { "Content-Type": "application/json" } : {};
      commands.push(curlOf(verb, path, headers, body));
      const answer = await fetch(path, { method: verb, headers, body });
      if (shown && !shown.ok) continue;
      const { ok, status, statusText } = answer;
      shown = { ok, verb, path, answer: { status, statusText, text: await answer.text() } };
    }
    show(shown.verb, shown.path, shown.answer, commands.join("\n"));
    refresh();
  };
  const copy = async (button) => {
    const source = byId(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      say("Copied");
      const label = button.textContent;
      if (label === "Copied") return;
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = label; }, 2000);
    } catch {
      getSelection().selectAllChildren(source);
      say("It is selected: copy it with the keyboard");
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.copy) copy(button);
    else if (button?.dataset.send) send(JSON.parse(button.dataset.send));
    else if (button?.id === "sent-retry" || button?.dataset.retryOf) send(kept(), true);
    else if (button?.dataset.steps) sendAll(button);
  });

  // A form shows the fields that belong to what is chosen in it.
  const choose = () => {
    for (const select of document.querySelectorAll("[data-chooses]"))
      for (const part of select.form.querySelectorAll("[data-for]")) {
        part.hidden = !part.dataset.for.split(" ").includes(select.value);
        for (const field of part.querySelectorAll("input, select")) field.disabled = part.hidden;
      }
  };
  document.addEventListener("change", choose);
  choose();

  // The journal, as it grows. A hidden tab follows nothing: a browser has few connections to one host for all of its tabs.
  const follow = (path, after, arrived) => {
    let events = null;
    const open = () => {
      events = new EventSource(`${path}?after=${after}`);
      events.addEventListener("exchange", (event) => {
        after = Number(event.lastEventId);
        arrived(after);
      });
      events.addEventListener("open", tellNoMore);
      events.addEventListener("error", () => {
        const isGone = events.readyState === EventSource.CLOSED;
        tell(isGone ? GONE : "The mock does not answer; the page tries again.");
      });
    };
    const toggle = () => {
      events?.close();
      if (!document.hidden) open();
    };
    document.addEventListener("visibilitychange", toggle);
    addEventListener("pagehide", () => events?.close());
    toggle();
  };
  const live = document.querySelector("[data-live]");
  if (live) follow(live.dataset.live, live.dataset.recorded, later);
  remind();
  recall();

  const rows = byId("rows");
  if (!rows) return;
  let last = Number(rows.dataset.recorded), newest = last, isFetching = false, added = 0;
  const isPressed = (id) => byId(id).getAttribute("aria-pressed") === "true";
  const toEnd = () => { if (isPressed("follow")) rows.scrollTop = rows.scrollHeight; };
  // In lists of a hundred, which the browser lays out together.
  const append = (text) => {
    const template = document.createElement("template");
    template.innerHTML = text;
    const found = [...template.content.querySelectorAll("li")];
    for (const row of found) {
      let list = rows.lastElementChild;
      if (!list || list.children.length >= 100) {
        list = document.createElement("ol");
        rows.append(list);
      }
      list.append(row);
    }
    added += found.length;
    return Number(found.at(-1)?.dataset.number ?? 0);
  };
  const fetchRows = async () => {
    if (isFetching || isPressed("pause")) return;
    isFetching = true;
    while (last < newest && !isPressed("pause")) {
      const upTo = newest, sign = rows.dataset.rows.includes("?") ? "&" : "?";
      const answer = await fetch(`${rows.dataset.rows}${sign}after=${last}`);
      if (!answer.ok || answer.redirected) {
        tell(GONE);
        break;
      }
      const number = append(await answer.text());
      const hasMore = answer.headers.get("X-Has-More") === "1";
      last = hasMore ? number : Math.max(upTo, number);
      toEnd();
    }
    isFetching = false;
  };
  follow(rows.dataset.events, last, (number) => {
    if (number < newest) { location.reload(); return; }
    newest = number;
    fetchRows();
  });
  // A screen reader is told how many there are now and then, and not each.
  setInterval(() => {
    if (added) byId("news").textContent = `${added} new ${added === 1 ? "exchange" : "exchanges"}`;
    added = 0;
  }, 5000);
  for (const id of ["pause", "follow"])
    byId(id).addEventListener("click", (event) => {
      event.currentTarget.setAttribute("aria-pressed", String(!isPressed(id)));
      if (id === "pause") fetchRows(); else toEnd();
    });
  rows.addEventListener("wheel", () => {
    const isAtEnd = rows.scrollTop + rows.clientHeight > rows.scrollHeight - 40;
    if (!isAtEnd) byId("follow").setAttribute("aria-pressed", "false");
  }, { passive: true });
  rows.addEventListener("click", async (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    rows.querySelector("[aria-current]")?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    await htmx.ajax("GET", link.href, { target: "#detail", select: "#exchange", swap: "innerHTML" });
    offerRetry();
    byId("detail").scrollTop = 0;
    byId("detail").focus();
  });
  toEnd();
})();
