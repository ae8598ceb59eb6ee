const board = document.querySelector("#board");
if (board) {
  const state = new URLSearchParams(location.hash.slice(1));
  const filters = document.querySelector(".filters");
  const drawers = [...document.querySelectorAll("details[data-name]")];
  const rows = [...document.querySelectorAll("tr[data-tags]")];
  const numbers = (key) => (state.get(key) || "").split(",").filter(Boolean).map(Number);
  const chosen = (key) => (filters.elements[key] ? filters.elements[key].value : "");
  const passes = (row) =>
    (!chosen("tag") || JSON.parse(row.dataset.tags).includes(chosen("tag"))) &&
    (!chosen("protocol") || row.dataset.protocol === chosen("protocol"));
  for (const select of filters.elements) {
    const asked = state.get(select.name) || "";
    if ([...select.options].some((one) => one.value === asked)) select.value = asked;
  }
  filters.hidden = false;
  $.fn.dataTable.ext.search.push((settings, data, index) => passes(settings.aoData[index].nTr));
  const count = board.tHead.rows[0].cells.length;
  const order = state.get("order");
  const table = $(board).DataTable({
    paging: false,
    autoWidth: false,
    search: { search: state.get("search") || "" },
    order: order ? [[Number(order.split(",")[0]), order.split(",")[1] === "desc" ? "desc" : "asc"]] : [],
    columnDefs: [{ visible: false, targets: numbers("hide").filter((one) => one > 0 && one < count) }],
    layout: { topStart: { buttons: ["colvis"] }, topEnd: "search", bottomStart: "info", bottomEnd: null },
  });
  const inside = new Set(table.rows().nodes().toArray());
  const others = rows.filter((row) => !inside.has(row));
  const hideOthers = () => others.forEach((row) => (row.hidden = !passes(row)));
  const keep = () => {
    const now = new URLSearchParams();
    const [sorted] = table.order();
    const hidden = table.columns().indexes().toArray().filter((one) => !table.column(one).visible());
    const open = drawers.find((one) => one.open);
    if (table.search()) now.set("search", table.search());
    if (sorted && sorted.length) now.set("order", `${sorted[0]},${sorted[1]}`);
    if (hidden.length) now.set("hide", hidden.join());
    for (const key of ["tag", "protocol"]) if (chosen(key)) now.set(key, chosen(key));
    if (open) now.set("open", open.dataset.name);
    history.replaceState(null, "", `#${now}`);
  };
  for (const one of drawers) {
    one.open = one.dataset.name === state.get("open");
    one.addEventListener("toggle", () => {
      if (one.open) drawers.filter((other) => other !== one).forEach((other) => (other.open = false));
      keep();
    });
  }
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("change", () => {
    table.draw();
    hideOthers();
    keep();
  });
  hideOthers();
  table.on("search order column-visibility", keep);
}
