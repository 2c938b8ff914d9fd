// Finds the number that was hashed with the salt, by trying.
onmessage = async function (event) {
  var asked = event.data;
  var encoder = new TextEncoder();
  var wanted = asked.challenge.match(/../g).map(function (pair) { return parseInt(pair, 16); });
  for (var start = 0; start <= asked.maxNumber; start += 500) {
    var tried = [];
    for (var number = start; number < start + 500; number++) {
      tried.push(crypto.subtle.digest(asked.algorithm, encoder.encode(asked.salt + number)));
    }
    var hashes = await Promise.all(tried);
    for (var at = 0; at < hashes.length; at++) {
      var octets = new Uint8Array(hashes[at]);
      if (wanted.every(function (octet, place) { return octets[place] === octet; })) return postMessage(start + at);
    }
  }
};
