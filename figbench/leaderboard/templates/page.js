const board = document.querySelector("#board");
if (board) {
  const state = new URLSearchParams(location.hash.slice(1));
  const order = state.get("order");
  const table = $(board).DataTable({
    paging: false,
    autoWidth: false,
    search: { search: state.get("search") || "" },
    order: order ? [[Number(order.split(",")[0]), order.split(",")[1] === "desc" ? "desc" : "asc"]] : [],
    layout: { topStart: { buttons: ["colvis"] }, topEnd: "search", bottomStart: "info", bottomEnd: null },
  });
  const keep = () => {
    const now = new URLSearchParams();
    const [sorted] = table.order();
    if (table.search()) now.set("search", table.search());
    if (sorted && sorted.length) now.set("order", `${sorted[0]},${sorted[1]}`);
    history.replaceState(null, "", `#${now}`);
  };
  table.on("search order", keep);
}
