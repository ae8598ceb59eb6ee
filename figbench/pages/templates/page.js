"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const drawer = document.querySelector("#drawer");
  const lightbox = document.querySelector("#lightbox");
  const fill = (dialog, title, template) => {
    dialog.querySelector("h2").textContent = title;
    dialog.querySelector(".content").replaceChildren(template ? template.content.cloneNode(true) : "");
  };

  // Sections that a phone gets closed.
  if (matchMedia("screen and (max-width: 640px)").matches)
    all("details.folded").forEach((one) => (one.open = false));

  // Pictures: a dialog with the row's other pictures behind the arrow keys.
  let row = [];
  let place = 0;
  const turn = (to) => {
    place = (to + row.length) % row.length;
    const source = row[place].querySelector("img");
    const image = lightbox.querySelector("img");
    image.src = source.src;
    image.alt = source.alt;
    image.classList.toggle("photo", !source.dataset.numbers);
    fill(lightbox, row[place].dataset.title, row[place].parentElement.querySelector("template"));
    all(".step", lightbox).forEach((one) => (one.hidden = row.length < 2));
  };
  document.addEventListener("click", (event) => {
    const zoom = event.target.closest("button.zoom");
    if (zoom) {
      row = all("button.zoom", zoom.closest(".wall, .plots, .pair") || zoom.parentElement);
      turn(row.indexOf(zoom));
      lightbox.showModal();
    }
    const step = event.target.closest("button.step");
    if (step) turn(place + Number(step.dataset.step));
    if (event.target.tagName === "DIALOG") event.target.close();
  });
  lightbox.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") turn(place - 1);
    if (event.key === "ArrowRight") turn(place + 1);
  });

  // Details of an entry, and the address that keeps the view.
  const state = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  let table = null;
  let opened = "";
  let metric = 0;
  const filters = document.querySelector(".filters");
  const field = (name) => (filters ? filters.querySelector(`[name=${name}]`) : null);
  const chosen = (name) => (field(name) ? field(name).value : "");
  const boxes = filters ? all(".columns input", filters) : [];
  const keep = () => {
    const now = new URLSearchParams();
    if (table) {
      const [sorted] = table.order();
      if (table.search()) now.set("search", table.search());
      if (sorted && sorted.length) now.set("order", `${sorted[0]},${sorted[1]}`);
      const off = boxes.filter((one) => !one.checked).map((one) => one.value);
      if (off.length) now.set("hide", off.join());
      for (const key of ["tag", "protocol"]) if (chosen(key)) now.set(key, chosen(key));
    }
    if (opened) now.set("open", opened);
    history.replaceState(null, "", now.size ? `#${now}` : location.pathname + location.search);
  };
  const open = (button) => {
    opened = button.dataset.name;
    fill(drawer, button.dataset.title, button.parentElement.querySelector("template"));
    if (!drawer.open) drawer.showModal();
    keep();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.details");
    if (button) open(button);
  });
  drawer.addEventListener("close", () => {
    opened = "";
    keep();
  });

  const board = document.querySelector("#board");
  if (board && window.DataTable) {
    const rows = all("tr[data-tags]");
    const passes = (one) =>
      (!chosen("tag") || JSON.parse(one.dataset.tags).includes(chosen("tag"))) &&
      (!chosen("protocol") || one.dataset.protocol === chosen("protocol"));
    for (const key of ["tag", "protocol"]) {
      const select = field(key);
      if (select && all("option", select).some((one) => one.value === state.get(key))) select.value = state.get(key);
    }
    const first = 2;
    const count = board.tHead.rows[0].cells.length;
    const hidden = (state.get("hide") || "").split(",").filter(Boolean).map(Number);
    boxes.forEach((one) => (one.checked = !hidden.includes(Number(one.value))));
    const asked = (state.get("order") || "").split(",");
    const column = Number(asked[0]);
    const order = state.get("order") && column >= 0 && column < count ? [[column, asked[1] === "desc" ? "desc" : "asc"]] : [];
    table = new DataTable(board, {
      paging: false,
      autoWidth: false,
      search: { search: state.get("search") || "" },
      order: order,
      columnDefs: [
        { orderable: false, targets: 0 },
        { visible: false, targets: hidden.map((one) => one + first).filter((one) => one >= first && one < count) },
      ],
      layout: { topStart: "search", topEnd: null, bottomStart: "info", bottomEnd: null },
    });
    const search = board.closest(".dt-container").querySelector(".dt-search");
    search.querySelector("input").removeAttribute("autocomplete");
    filters.prepend(search);
    table.search.fixed("filters", (text, data, index) => passes(table.row(index).node()));
    const inside = new Set(table.rows().nodes().toArray());
    const others = rows.filter((one) => !inside.has(one));
    const ranks = () => {
      for (const one of inside) {
        const cell = one.querySelector(`[data-metric="${metric}"]`);
        const pill = one.querySelector(".pill");
        const rank = cell ? cell.dataset.rank || "\u2013" : "\u2013";
        pill.textContent = rank;
        pill.toggleAttribute("data-first", rank === "1" || rank.startsWith("1-"));
      }
    };
    const pick = (value) => {
      metric = value;
      all("td.metric").forEach((one) => one.classList.toggle("picked", Number(one.dataset.metric) === metric));
      if (field("metric")) field("metric").value = String(metric);
      ranks();
    };
    const shown = () => {
      others.forEach((one) => (one.hidden = !passes(one)));
      keep();
    };
    table.on("order", () => {
      const [sorted] = table.order();
      if (sorted && sorted[0] >= first) pick(sorted[0] - first);
      keep();
    });
    table.on("search", keep);
    filters.addEventListener("change", (event) => {
      if (event.target.name === "metric") {
        const value = Number(event.target.value);
        const down = board.dataset.better.split(",")[value] === "up";
        table.order([[value + first, down ? "desc" : "asc"]]).draw();
      } else if (event.target.type === "checkbox") {
        table.column(Number(event.target.value) + first).visible(event.target.checked);
        keep();
      } else {
        table.draw();
        shown();
      }
    });
    if (order.length && column >= first) pick(column - first);
    else pick(0);
    table.draw();
    shown();
  }
  const asked = all("button.details").find((one) => one.dataset.name === state.get("open"));
  if (asked) open(asked);
})();
