// Chooses the reader's own time zone, if they have not chosen one. Without script they choose it.
(function () {
  var select = document.getElementById("timezone");
  if (!select || select.value !== "UTC" || document.querySelector(".notice-error")) return;
  var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  select.value = zone;
  if (select.value === zone) return;
  // A spelling that is not on the list, such as Asia/Calcutta.
  select.prepend(new Option(zone.replace(/_/g, " "), zone, true, true));
})();
