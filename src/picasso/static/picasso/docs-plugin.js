// A plugin of Swagger UI. "Try it out" begins with what is needed only: else it fills in every example and makes up values of
// fields, such as an owner, which a session may not name. And the document is shown as one of OpenAPI 3.0, which says the same
// here: before it can open anything of one of 3.1, Swagger UI builds a model of all of it, for which a page stands still.

window.PicassoDocs = (() => {
  const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];
  const FORM = 'multipart/form-data';

  /** The document without the examples of optional parameters and with empty fields of forms. It may be changed. */
  function withEmptyFields(document) {
    Object.values(document.components?.parameters ?? {}).forEach(withoutExample);
    for (const path of Object.values(document.paths ?? {})) {
      for (const method of METHODS) if (path[method]) emptyFields(path[method]);
    }
    return document;
  }

  function emptyFields(operation) {
    operation.parameters?.forEach(withoutExample);
    const schema = operation.requestBody?.content?.[FORM]?.schema;
    for (const [name, field] of Object.entries(schema?.properties ?? {})) {
      if (!schema.required?.includes(name)) field.example = field.type === 'array' ? [] : '';
    }
  }

  function withoutExample(parameter) {
    if (parameter.required) return;
    delete parameter.example;
    delete parameter.examples;
  }

  /** As of OpenAPI 3.0. It is changed. */
  function asOld(document) {
    if (String(document.openapi).startsWith('3.1')) {
      document.openapi = '3.0.4';
      asOldSchemas(document);
    }
    return document;
  }

  /** What schemas of 3.0 say in another way: null, constants, examples, bounds that are excluded. */
  function asOldSchemas(part) {
    if (part === null || typeof part !== 'object') return;
    if (Array.isArray(part.type)) {
      const types = part.type.filter((type) => type !== 'null');
      if (types.length < part.type.length) part.nullable = true;
      if (types.length === 1) [part.type] = types;
      else {
        delete part.type;
        part.oneOf ??= types.map((type) => ({ type }));
      }
    }
    if ('const' in part && typeof part.const !== 'object') {
      part.enum = [part.const];
      delete part.const;
    }
    if (Array.isArray(part.examples)) {
      [part.example] = part.examples;
      delete part.examples;
    }
    for (const [bound, name] of [['exclusiveMinimum', 'minimum'], ['exclusiveMaximum', 'maximum']]) {
      if (typeof part[bound] === 'number') {
        part[name] = part[bound];
        part[bound] = true;
      }
    }
    Object.values(part).forEach(asOldSchemas);
  }

  const updateJsonSpec = (original) => (document) => original(asOld(withEmptyFields(structuredClone(document))));
  return () => ({ statePlugins: { spec: { wrapActions: { updateJsonSpec } } } });
})();
