"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const words = JSON.parse(document.body.dataset.words);
  const HISTORY = "lumbung.tanya.history", TOKEN = "lumbung.tanya.token", KEPT = 30, KEPT_EVENTS = 200, MOST = 100;
  const store = {
    get(key, otherwise) { try { return JSON.parse(localStorage.getItem(key)) ?? otherwise; } catch { return otherwise; } },
    set(key, value) { try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, JSON.stringify(value)); } catch { /* private mode */ } },
  };
  const made = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text ?? "" }, more);
  const say = (text) => { byId("state").textContent = text; };

  // asking
  let data = null, running = null; // what ends the question that is being answered
  function begins(one) {
    running?.();
    running = one; byId("stop").disabled = !one;
  }
  function showErrors(errors) {
    byId("errors").replaceChildren(...(errors ?? []).map((error) => {
      const item = made("li"), facts = error.extensions ?? {};
      item.append(made("strong", error.message));
      if (facts.fix) item.append(made("p", facts.fix));
      item.append(made("code", [facts.code, error.path?.join(".")].filter(Boolean).join(" · ")));
      return item;
    }));
  }
  function answered(body, shown) {
    byId("json").textContent = JSON.stringify(body, null, 2);
    data = shown;
    showTable();
  }
  function ask() {
    let variables = null;
    const written = byId("variables").value.trim();
    if (written) {
      try { variables = JSON.parse(written); } catch { say(words.bad_variables); byId("variables").focus(); return; }
    }
    const query = byId("query").value, token = byId("token").value.trim();
    if (!query.trim()) { byId("query").focus(); return; }
    byId("asked").textContent = written ? `${query.trim()}\n\n${written}` : query.trim();
    showErrors();
    const told = /^\s*subscription\b/m.test(query.replace(/#.*/g, ""));
    (told ? listen : fetched)({ query, variables }, token ? `Bearer ${token}` : null, () => remember({ query, variables: written }));
  }
  async function fetched(question, token, done) {
    const headers = { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang };
    if (token) headers.Authorization = token;
    const ending = new AbortController(), begin = performance.now();
    const stop = () => { ending.abort(); say(words.stopped); };
    begins(stop); say(words.asking);
    try {
      const answer = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(question), signal: ending.signal });
      const body = await answer.json();
      const spent = Math.round(performance.now() - begin), cost = body.extensions?.cost;
      say(`${body.errors ? words.with_errors : words.done} · ${spent} ms` + (cost ? ` · ${words.cost} ${cost.cost}/${cost.limit}` : ""));
      showErrors(body.errors);
      answered(body, body.data ?? null);
      done();
    } catch { if (!ending.signal.aborted) say(words.unreachable); }
    if (running === stop) { running = null; begins(null); }
  }
  function listen(question, token, done) {
    const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/graphql`, "graphql-transport-ws");
    const events = [], tell = (message) => socket.send(JSON.stringify(message));
    let ended = false;
    const end = (text) => {
      if (ended) return;
      ended = true; socket.close(1000);
      say(`${text} · ${events.length} ${words.events}`);
      if (running === stop) { running = null; begins(null); }
    };
    const stop = () => end(words.stopped);
    begins(stop); say(words.asking); answered([], []);
    socket.addEventListener("open", () => tell({ type: "connection_init", payload: token ? { Authorization: token } : {} }));
    socket.addEventListener("message", (event) => {
      const said = JSON.parse(event.data);
      if (ended) return;
      if (said.type === "connection_ack") { tell({ id: "1", type: "subscribe", payload: question }); say(words.listening); done(); }
      if (said.type === "ping") tell({ type: "pong" });
      if (said.type === "next") {
        events.unshift(said.payload); events.splice(KEPT_EVENTS);
        showErrors(said.payload.errors);
        answered(events, events.map((one) => one.data).filter(Boolean));
        say(`${words.listening} · ${events.length} ${words.events}`);
      }
      if (said.type === "error") { showErrors(said.payload); end(words.with_errors); }
      if (said.type === "complete") end(words.done);
    });
    socket.addEventListener("close", (event) => end(event.reason ? `${words.closed}: ${event.reason}` : words.closed));
  }
  byId("ask").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
  byId("ask").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); ask(); }
  });
  byId("stop").addEventListener("click", () => { const end = running; running = null; end?.(); begins(null); byId("run").focus(); });
  addEventListener("keydown", (event) => { if (event.key === "Escape" && running && event.target !== byId("find")) byId("stop").click(); });

  // the answer as a table
  function rowsOf(value) {
    if (value === null || typeof value !== "object") return null;
    if (Array.isArray(value)) return value.length && value.every((v) => v && typeof v === "object" && !Array.isArray(v)) ? value : null;
    if (Array.isArray(value.nodes)) return rowsOf(value.nodes);
    if (Array.isArray(value.edges)) return rowsOf(value.edges.map((edge) => edge.node ?? edge));
    for (const inner of Object.values(value)) { const found = rowsOf(inner); if (found) return found; }
    return null;
  }
  function flat(row, prefix = "", out = {}) {
    for (const [key, value] of Object.entries(row)) {
      if (value && typeof value === "object" && !Array.isArray(value)) flat(value, `${prefix}${key}.`, out);
      else out[prefix + key] = Array.isArray(value) ? JSON.stringify(value) : value;
    }
    return out;
  }
  function showTable() {
    const rows = (rowsOf(data) ?? []).map((row) => flat(row)), place = byId("table");
    place.replaceChildren();
    if (!rows.length) { place.append(made("p", words.no_rows)); return; }
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const table = made("table"), head = made("tr"), body = made("tbody");
    columns.forEach((column) => head.append(made("th", column.replaceAll(".", ".\u200b"), { scope: "col" })));
    for (const row of rows) {
      const line = made("tr");
      columns.forEach((c) => line.append(made("td", row[c] === null || row[c] === undefined ? "" : String(row[c]), { className: typeof row[c] === "number" ? "number" : "" })));
      body.append(line);
    }
    const top = made("thead");
    top.append(head);
    table.append(made("caption", `${rows.length} ${words.rows}`), top, body);
    place.append(table);
  }
  function view(table) {
    byId("json").hidden = table; byId("table").hidden = !table;
    byId("as-json").setAttribute("aria-pressed", String(!table)); byId("as-table").setAttribute("aria-pressed", String(table));
  }
  byId("as-json").addEventListener("click", () => view(false));
  byId("as-table").addEventListener("click", () => view(true));

  // history and token
  function fill(select, items, label) {
    while (select.options.length > 1) select.remove(1);
    items.forEach((item, i) => select.append(made("option", label(item), { value: String(i) })));
  }
  const past = () => store.get(HISTORY, []);
  const called = (one) => one.query.match(/^\s*#\s*(.+)/)?.[1] ?? one.query.replace(/\s+/g, " ");
  const showPast = () => fill(byId("past"), past(), (one) => (called(one) + (one.variables ? ` ${one.variables.replace(/\s+/g, " ")}` : "")).slice(0, 100));
  function remember(one) {
    const others = past().filter((p) => p.query !== one.query || p.variables !== one.variables);
    store.set(HISTORY, [one, ...others].slice(0, KEPT)); showPast();
  }
  // the variables that a document cannot do without, to be filled in
  function needed(query) {
    const head = query.replace(/#.*/g, "").match(/^\s*(?:query|subscription)\s*\w*\s*\(([^)]*)\)/m)?.[1] ?? "";
    const names = [...head.matchAll(/\$(\w+)\s*:\s*[\w[\]!]+!\s*(?!\s*=)(?=$|[,$\s])/g)].map((m) => m[1]);
    return names.length ? JSON.stringify(Object.fromEntries(names.map((name) => [name, ""])), null, 2) : "";
  }
  function put(one) {
    const query = byId("query");
    query.value = one.query; byId("variables").value = one.variables ?? needed(one.query);
    query.focus(); query.setSelectionRange(0, 0); query.scrollTop = 0;
  }
  byId("past").addEventListener("change", (event) => { const one = past()[event.target.value]; if (one) put(one); });
  byId("forget").addEventListener("click", () => { store.set(HISTORY, null); showPast(); say(words.forgotten); });
  byId("token").value = store.get(TOKEN, ""); byId("keep").checked = Boolean(byId("token").value);
  const keep = () => store.set(TOKEN, byId("keep").checked && byId("token").value.trim() ? byId("token").value.trim() : null);
  byId("keep").addEventListener("change", keep); byId("token").addEventListener("input", keep);
  showPast();

  // examples
  fetch("tanya/examples.json").then((answer) => answer.json()).then((examples) => {
    fill(byId("example"), examples, (one) => one.title);
    byId("example").addEventListener("change", (event) => { const one = examples[event.target.value]; if (one) put(one); });
    const begin = examples.find((one) => !needed(one.query));
    if (!byId("query").value && begin) { byId("query").value = begin.query; byId("example").value = String(examples.indexOf(begin)); }
  }).catch(() => say(words.unreachable));

  // schema
  let types = null, shown = "Query";
  const passed = []; // the types gone through on the way here
  const bare = (type) => type.replace(/[[\]!]/g, "");
  const has = (text, find) => (text ?? "").toLowerCase().includes(find);
  function hits(find) {
    const named = Object.keys(types).filter((t) => has(t, find));
    const fields = Object.keys(types).flatMap((t) => (types[t].fields ?? []).map((f) => [t, f]));
    const values = Object.keys(types).flatMap((t) => (types[t].values ?? []).map((v) => [t, v]));
    const by = (test) => [...fields, ...values].filter(([t, f]) => test(t, f));
    const first = by((t, f) => has(`${t}.${f.name}`, find));
    return { named, inner: [...first, ...by((t, f) => !has(`${t}.${f.name}`, find) && has(f.about, find))] };
  }
  function show(name) {
    const find = byId("find").value.trim().toLowerCase(), list = byId("schema"), trail = byId("trail");
    list.replaceChildren(); trail.replaceChildren(); list.scrollTop = 0;
    if (find) {
      const { named, inner } = hits(find);
      named.slice(0, MOST).forEach((t) => { const item = made("li"); item.append(link(t)); if (types[t].about) item.append(made("p", types[t].about, { className: "about" })); list.append(item); });
      inner.slice(0, MOST).forEach(([t, f]) => list.append(line(f, t)));
      byId("schema-state").textContent = `${named.length + inner.length} ${words.found}`;
      return;
    }
    shown = name;
    const type = types[name];
    byId("schema-state").textContent = "";
    if (passed.length) trail.append(link(passed.at(-1), `← ${passed.at(-1)}`, true));
    trail.append(made("p", `${name}: ${type.about ?? ""}`));
    (type.fields ?? []).forEach((f) => list.append(line(f)));
    (type.values ?? []).forEach((v) => list.append(line(v)));
  }
  function link(name, text, back) {
    const button = made("button", text ?? name, { type: "button", className: "link" });
    button.addEventListener("click", () => {
      if (back) passed.pop();
      else if (name !== shown) passed.push(shown);
      byId("find").value = ""; show(name);
      (byId("trail").querySelector("button") ?? byId("find")).focus();
    });
    return button;
  }
  function line(field, of) {
    const item = made("li"), typed = (type) => (types[bare(type)] ? link(bare(type), type) : made("code", type));
    if (of) item.append(link(of), made("code", "."));
    item.append(made("code", field.type ? `${field.name}: ` : field.name));
    if (field.type) item.append(typed(field.type));
    if (field.about) item.append(made("p", field.about, { className: "about" }));
    (field.args ?? []).forEach((arg) => { const row = made("div", "", { className: "about" }); row.append(made("code", `${arg.name}: `), typed(arg.type)); item.append(row); });
    return item;
  }
  fetch("tanya/schema.json").then((answer) => (answer.ok ? answer.json() : null)).then((found) => {
    if (!found) { byId("schema-state").textContent = words.schema_closed; byId("find").disabled = true; return; }
    types = found; show("Query");
    byId("find").addEventListener("input", () => show(shown));
    byId("find").addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); byId("schema").querySelector("button")?.focus(); }
      if (event.key === "Escape") { byId("find").value = ""; show(shown); }
    });
  }).catch(() => { byId("schema-state").textContent = words.unreachable; });
})();
