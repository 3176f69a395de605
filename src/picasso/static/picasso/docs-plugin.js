// A plugin of Swagger UI: "Try it out" begins with what is needed only. Else it fills in every example and makes up values of
// fields, such as an owner, which a session may not name.

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

  const updateJsonSpec = (original) => (document) => original(withEmptyFields(structuredClone(document)));
  return () => ({ statePlugins: { spec: { wrapActions: { updateJsonSpec } } } });
})();
