'use strict';

module.exports = ({ env }) => ({
  connection: {
    client: 'sqlite',
    connection: { filename: env('STRAPI_TEST_DATABASE') },
    useNullAsDefault: true,
  },
});
