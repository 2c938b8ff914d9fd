// Chooses the reader's own time zone, if they have not chosen one. Without script they choose it.
(function () {
  var select = document.getElementById("timezone");
  if (!select || select.value !== "UTC" || document.querySelector(".notice-error")) return;
  var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || zone === "UTC") return;
  var region = zone.split("/")[0];
  var place = zone.slice(region.length + 1).replace(/_/g, " ").replace(/\//g, ", ");
  for (var option of select.options) {
    if (option.text.trim() === place && option.parentNode.label === region) {
      option.selected = true;
      return;
    }
  }
  // A spelling that is not on the list, such as Asia/Calcutta.
  select.prepend(new Option(zone.replace(/_/g, " "), zone, true, true));
})();
