'use strict';

// What a person does in the admin panel, for tests: the same services, asked by one address. The token that it needs stands in the
// environment; without it every question is refused.
const ACTS = {
  async token({ strapi, name }) {
    const made = await strapi
      .service('admin::api-token')
      .create({ name, description: '', type: 'full-access', lifespan: null });
    return { token: made.accessKey };
  },

  async webhook({ strapi, name, url, headers, events }) {
    const made = await strapi
      .get('webhookStore')
      .createWebhook({ name, url, headers, events, isEnabled: true });
    strapi.get('webhookRunner').add(made);
    return { id: made.id };
  },

  // Events are lost while it is on, as when nobody receives them: Strapi sends none again.
  async silence({ strapi, on }) {
    const runner = strapi.get('webhookRunner');
    if (on) runner.run = async () => ({ statusCode: 503 });
    else delete runner.run;
    return {};
  },

  async locale({ strapi, code, name }) {
    return strapi.plugin('i18n').service('locales').create({ code, name });
  },

  // create, update, publish, unpublish, discardDraft, delete, findOne … of Strapi's Document Service.
  async document({ strapi, uid, method, options }) {
    return strapi.documents(uid)[method](options);
  },
};

module.exports = {
  register({ strapi }) {
    strapi.server.routes([
      {
        method: 'POST',
        path: '/test-desk/:act',
        handler: async (ctx) => {
          if (ctx.get('X-Test-Desk') !== process.env.STRAPI_TEST_DESK) {
            ctx.status = 403;
            return;
          }
          ctx.body = { data: await ACTS[ctx.params.act]({ strapi, ...ctx.request.body }) };
        },
        config: { auth: false },
      },
    ]);
  },

  bootstrap() {},
};
