// SPDX-License-Identifier: GPL-2.0-or-later
//
// genieacs.js URL USER PASSWORD [USER PASSWORD ...]: one connection request as
// GenieACS makes it, and the status it ended in; 0 if there was no answer.
//
// What is sent and when follows GenieACS 1.2: one kept connection, no header
// that Node does not add by itself, Authorization before Host, the tightest
// digest there is, the next pair of credentials on each 401, and the same
// bytes once more after a socket error.
"use strict";

const http = require("http");
const crypto = require("crypto");

const [address, ...credentials] = process.argv.slice(2);
const url = new URL(address);
const agent = new http.Agent({ maxSockets: 1, keepAlive: true, timeout: 2000 });

function get(headers) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, headers ? { agent, headers } : { agent }, (response) => {
      response.resume();
      resolve(response);
    });
    request.on("error", reject);
    request.on("timeout", () => request.destroy());
  });
}

// A value goes from "=" to the next comma, or is one JSON string.
function parse(field) {
  const found = {};
  const parts = field.slice(field.indexOf(" ") + 1).split(",");
  while (parts.length) {
    let part = parts.shift();
    const at = part.indexOf("=");
    if (at < 0) {
      if (!part.trim()) continue;
      throw new Error("challenge");
    }
    let value = part.slice(at + 1);
    if (/^\s*"/.test(value)) {
      while (!/[^\\]"\s*$/.test(value)) {
        if (!parts.length) throw new Error("challenge");
        value += "," + parts.shift();
      }
      value = JSON.parse(value);
    } else {
      value = value.trim();
    }
    found[part.slice(0, at).trim()] = value;
  }
  return found;
}

const md5 = (...parts) => crypto.createHash("md5").update(parts.join(":")).digest("hex");

function digest(user, password, c) {
  const cnonce = crypto.randomBytes(8).toString("hex");
  const uri = url.pathname + url.search;
  const qop = c.qop && (c.qop.includes(",") ? "auth" : c.qop);
  const ha1 = md5(user, c.realm, password);
  const ha2 = md5("GET", uri);
  const response = qop
    ? md5(ha1, c.nonce, "00000001", cnonce, qop, ha2)
    : md5(ha1, c.nonce, ha2);
  return `Digest username="${user}",realm="${c.realm}",nonce="${c.nonce}",uri="${uri}"` +
    (c.algorithm ? `,algorithm=${c.algorithm}` : "") +
    (qop ? `,qop=${qop},nc=00000001,cnonce="${cnonce}"` : "") +
    `,response="${response}"` +
    (c.opaque ? `,opaque="${c.opaque}"` : "");
}

async function connectionRequest() {
  let response = await get();
  while (response.statusCode === 401 && credentials.length) {
    const challenge = parse(response.headers["www-authenticate"]);
    const [user, password] = credentials.splice(0, 2);
    const headers = { Authorization: digest(user, password, challenge) };
    try {
      response = await get(headers);
    } catch (e) {
      response = await get(headers);
    }
  }
  return response.statusCode;
}

connectionRequest()
  .catch(() => 0)
  .then((status) => {
    console.log(status);
    agent.destroy();
  });
