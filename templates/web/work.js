// Finds the number that was hashed with the salt, by trying.
onmessage = async function (event) {
  var asked = event.data;
  var encoder = new TextEncoder();
  for (var number = 0; number <= asked.maxnumber; number++) {
    var hash = await crypto.subtle.digest(asked.algorithm, encoder.encode(asked.salt + number));
    var hex = Array.from(new Uint8Array(hash), function (octet) { return octet.toString(16).padStart(2, "0"); }).join("");
    if (hex === asked.challenge) return postMessage(number);
  }
};
