// What is new shows up without a reload, and what is chosen shows up beside the list.
// A page works without this: it is fetched again as it is, and what differs is put in its place.
"use strict";

const MOST_OFTEN = 300; // ms between two looks at what is new
const AGAIN = 5000; // ms until a stream that was refused is asked for again

const at = (id) => document.getElementById(id);
const main = at("main");
const state = at("state");
let live = at("live");
let list = location.pathname + location.search; // where what is live comes from

document.body.classList.add("scripted");

function show(name, text) {
  state.dataset.state = name;
  state.textContent = text;
}

async function fetched(place) {
  const answer = await fetch(place, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  const text = await answer.text();
  if (!(answer.headers.get("Content-Type") || "").startsWith("text/html")) {
    const found = document.implementation.createHTMLDocument("");
    const article = found.body.appendChild(found.createElement("article"));
    article.id = "article";
    const head = article.appendChild(found.createElement("h1"));
    head.tabIndex = -1;
    head.textContent = "Not to be had";
    let detail = text;
    try { detail = JSON.parse(text).detail; } catch { /* it is no document; shown as it is */ }
    article.appendChild(found.createElement("p")).textContent = detail;
    return found;
  }
  return new DOMParser().parseFromString(text, "text/html");
}

// Times in the zone of who reads, the name by which they know this host.
function localize(root) {
  for (const each of root.querySelectorAll("time")) {
    const when = new Date(each.dateTime);
    each.textContent = when.toLocaleTimeString([], { hour12: false });
    each.title = when.toLocaleString([], { dateStyle: "full", timeStyle: "long" });
  }
  for (const each of root.querySelectorAll("[data-host]")) each.textContent = location.hostname;
}

// ---- What is new

// Rows that are as they were stay, with the focus that may be on them.
function replaceLive(next) {
  const old = live.querySelector("tbody");
  const fresh = next.querySelector("tbody");
  if (!old || !fresh) {
    live.replaceChildren(...next.childNodes);
    mark();
    return 0;
  }
  const known = new Map([...old.rows].map((row) => [row.dataset.key, row]));
  let arrived = 0;
  const rows = [...fresh.rows].map((row) => {
    const before = known.get(row.dataset.key);
    if (!before) {
      row.classList.add("new");
      arrived += 1;
      return row;
    }
    if (before.dataset.said === row.textContent) return before;
    const focused = before.contains(document.activeElement);
    row.dataset.said = row.dataset.said || row.textContent;
    if (focused) setTimeout(() => row.querySelector("a")?.focus());
    return row;
  });
  const focused = document.activeElement;
  old.replaceChildren(...rows);
  if (focused !== document.activeElement && old.contains(focused)) focused.focus();
  const count = live.querySelector(".count");
  const counted = next.querySelector(".count");
  if (count && counted) count.textContent = counted.textContent;
  mark();
  return arrived;
}

function remember(root) {
  for (const row of root.querySelectorAll("tr[data-key]")) row.dataset.said = row.textContent;
}

let looking = false;
let again = false;

async function look() {
  if (looking || document.hidden) {
    again = true;
    return;
  }
  looking = true;
  again = false;
  try {
    const next = (await fetched(list)).getElementById("live");
    if (next) {
      remember(next);
      localize(next);
      const arrived = replaceLive(next);
      show("live", arrived ? `live: ${arrived} new` : "live");
    }
  } catch { /* the stream says that the connection is lost */ }
  setTimeout(() => {
    looking = false;
    if (again) look();
  }, MOST_OFTEN);
}

document.addEventListener("visibilitychange", () => { if (!document.hidden && again) look(); });

function listen() {
  const place = live.dataset.events;
  const stream = new EventSource(place);
  stream.addEventListener("open", () => { show("live", "live"); look(); });
  stream.addEventListener("error", () => {
    show("lost", "connection lost, trying again");
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN);
  });
  const names = (new URL(place, location.href).searchParams.get("event") || "").split(",");
  for (const name of names) stream.addEventListener(name, look);
}

// ---- What is chosen

const detail = at("detail");
let cameFrom = null;

function mark() {
  const chosen = detail && !detail.hidden ? detail.dataset.place : null;
  for (const row of document.querySelectorAll("tr[data-key]")) {
    const link = row.querySelector("a[data-pane]");
    if (chosen && link && link.getAttribute("href") === chosen) row.dataset.chosen = "";
    else delete row.dataset.chosen;
  }
}

async function open(place, inside) {
  const found = (await fetched(place)).getElementById("article");
  if (!found) return;
  const close = document.createElement("button");
  close.className = "close";
  close.textContent = "Close";
  close.addEventListener("click", shut);
  localize(found);
  detail.replaceChildren(close, document.adoptNode(found));
  detail.hidden = false;
  main.classList.add("two");
  if (!inside) detail.dataset.place = place;
  mark();
  const view = inside && detail.querySelector(".tabs a[aria-current]");
  (view || detail.querySelector("h1")).focus({ preventScroll: Boolean(inside) });
}

function shut() {
  if (!detail || detail.hidden) return;
  detail.hidden = true;
  detail.replaceChildren();
  main.classList.remove("two");
  const row = document.querySelector("tr[data-chosen] a[data-pane]");
  mark();
  (cameFrom && cameFrom.isConnected ? cameFrom : row)?.focus();
}

if (detail) {
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const row = event.target.closest("tr[data-key]");
    const link = event.target.closest("a") || (row && !getSelection().toString() && row.querySelector("a[data-pane]"));
    if (!link || link.dataset.pane === undefined) return;
    event.preventDefault();
    const inside = detail.contains(link);
    if (!inside) cameFrom = link;
    open(link.getAttribute("href"), inside);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "Escape") {
    if (typing) event.target.blur();
    else shut();
  } else if (event.key === "/" && !typing && at("q")) {
    event.preventDefault();
    at("q").focus();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !detail?.contains(event.target)) {
    const links = [...document.querySelectorAll("tr[data-key] a[data-pane]")];
    if (!links.length || (typing && event.key === "ArrowUp")) return;
    event.preventDefault();
    const here = links.indexOf(document.activeElement);
    const next = event.key === "ArrowDown" ? here + 1 : Math.max(here, 1) - 1;
    links[Math.min(next, links.length - 1)].focus();
  }
});

// ---- The filter

const filter = at("q");
if (filter) {
  filter.form.addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("input", () => {
    const asked = filter.value.trim();
    list = location.pathname + (asked ? "?" + new URLSearchParams({ q: asked }) : "");
    history.replaceState(null, "", list);
    look();
  });
}

localize(document);
remember(document);
if (live) listen();
else show("static", "");
