// The sign-up form: its preview follows what is chosen, and work is done that programs shun.
(function () {
  var form = document.getElementById("sign-up");
  var box = document.getElementById("tasting");
  if (!form || !box || !window.fetch || !window.URLSearchParams) return;
  var status = document.getElementById("tasting-status");
  var still = ["email", "website", "stamp", "proof", "cadence", "weekday", "hour", "timezone", "length", "quiet_days", "max_papers"];
  var timer = 0;
  var asked = 0;

  function show(html) {
    var focus = document.activeElement && box.contains(document.activeElement) ? document.activeElement.id : "";
    box.innerHTML = html;
    if (focus && document.getElementById(focus)) document.getElementById(focus).focus();
    var part = box.querySelector("[data-status]");
    if (part) status.textContent = part.getAttribute("data-status");
  }

  function ask() {
    var data = new URLSearchParams(new FormData(form));
    still.forEach(function (name) { data.delete(name); });
    var turn = ++asked;
    box.setAttribute("aria-busy", "true");
    fetch(form.dataset.preview, { method: "POST", body: data, headers: { "X-Part": "1" } })
      .then(function (answer) { return answer.ok ? answer.text() : Promise.reject(); })
      .then(function (html) { if (turn === asked) show(html); })
      .catch(function () {})
      .then(function () { if (turn === asked) box.removeAttribute("aria-busy"); });
  }

  function changed(event) {
    var field = event.target;
    if (still.indexOf(field.name) >= 0) return;
    if (field.checked && (field.name === "more" || field.name === "less")) {
      form.querySelectorAll('input[name="' + (field.name === "more" ? "less" : "more") + '"]').forEach(function (other) {
        if (other.value === field.value) other.checked = false;
      });
    }
    clearTimeout(timer);
    timer = setTimeout(ask, event.type === "input" && field.type === "textarea" ? 500 : 150);
  }
  form.addEventListener("input", changed);
  form.classList.add("scripted");

  // ALTCHA's work, in a worker, once somebody begins to fill in the form.
  var proof = form.elements.proof;
  function work() {
    form.removeEventListener("focusin", work);
    if (!proof || !window.Worker || !window.crypto || !crypto.subtle) return;
    var challenge = JSON.parse(proof.dataset.challenge);
    var worker = new Worker(form.dataset.work);
    worker.onmessage = function (event) {
      proof.value = btoa(JSON.stringify({
        algorithm: challenge.algorithm, challenge: challenge.challenge, number: event.data,
        salt: challenge.salt, signature: challenge.signature
      }));
      worker.terminate();
    };
    worker.postMessage(challenge);
  }
  form.addEventListener("focusin", work);
})();
