'use strict';

// A Strapi without its command line, which would ask for a built admin panel.
const { createStrapi } = require('@strapi/strapi');

createStrapi({ appDir: __dirname, distDir: __dirname }).start();
