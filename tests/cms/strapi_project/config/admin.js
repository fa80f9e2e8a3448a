'use strict';

// The admin panel is not built: everything it does is done through Strapi's own services (src/index.js).
module.exports = {
  serveAdminPanel: false,
  auth: { secret: 'of the harbour, for tests on loopback' },
  apiToken: { salt: 'of the harbour' },
  transfer: { token: { salt: 'of the harbour' } },
  secrets: { encryptionKey: '0123456789abcdef0123456789abcdef' },
  flags: { nps: false, promoteEE: false },
};
