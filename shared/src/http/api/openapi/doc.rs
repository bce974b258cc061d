//! What the document says of one route.

use serde_json::{Map, Value, json};

/// What the document says of one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doc {
    id: &'static str,
    summary: &'static str,
    query: Vec<(&'static str, &'static str)>,
    body: Option<(&'static str, bool)>,
    csv: bool,
    answer: Answer,
    changes: bool,
    creates: bool,
    refusals: Vec<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Record(u16, &'static str),
    Page(&'static str),
    Nothing,
}

impl Doc {
    /// An operation of this id, unique in its document, that answers without a body unless told otherwise.
    #[must_use]
    pub fn new(id: &'static str, summary: &'static str) -> Self {
        Self {
            id,
            summary,
            query: Vec::new(),
            body: None,
            csv: false,
            answer: Answer::Nothing,
            changes: false,
            creates: false,
            refusals: Vec::new(),
        }
    }

    /// It answers 200 with this record.
    #[must_use]
    pub fn shows(mut self, schema: &'static str) -> Self {
        self.answer = Answer::Record(200, schema);
        self
    }

    /// It answers with this record under this status.
    #[must_use]
    pub fn answers(mut self, status: u16, schema: &'static str) -> Self {
        self.answer = Answer::Record(status, schema);
        self
    }

    /// It answers 200 with a page of these.
    #[must_use]
    pub fn lists(mut self, schema: &'static str) -> Self {
        self.answer = Answer::Page(schema);
        self.query
            .push(("limit", "Entries of a page: 1 to 100, 50 unless said."));
        self.query
            .push(("cursor", "Where to go on: `next_cursor` of the page before."));
        self
    }

    /// Whether it answers with a page of a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self.answer, Answer::Page(_))
    }

    /// It makes something: 201 with this record; `Idempotency-Key` makes it once.
    #[must_use]
    pub fn makes(mut self, schema: &'static str) -> Self {
        self.answer = Answer::Record(201, schema);
        self.creates = true;
        self
    }

    /// It wants a body of this schema.
    #[must_use]
    pub fn body(mut self, schema: &'static str) -> Self {
        self.body = Some((schema, true));
        self
    }

    /// It takes the same as a table as well.
    #[must_use]
    pub fn or_csv(mut self) -> Self {
        self.csv = true;
        self
    }

    /// It takes a body of this schema, or none.
    #[must_use]
    pub fn may_have_body(mut self, schema: &'static str) -> Self {
        self.body = Some((schema, false));
        self
    }

    /// It knows this parameter of the query.
    #[must_use]
    pub fn query(mut self, name: &'static str, description: &'static str) -> Self {
        self.query.push((name, description));
        self
    }

    /// It changes the version that was read: `If-Match` is needed.
    #[must_use]
    pub fn changes(mut self) -> Self {
        self.changes = true;
        self
    }

    /// It also refuses with these statuses.
    #[must_use]
    pub fn refuses(mut self, statuses: &[u16]) -> Self {
        self.refusals.extend_from_slice(statuses);
        self
    }

    /// The operation as the document has it.
    pub(super) fn to_value(&self, path: &str) -> Value {
        let mut operation = Map::new();
        operation.insert("operationId".to_owned(), json!(self.id));
        operation.insert("summary".to_owned(), json!(self.summary));
        operation.insert("tags".to_owned(), json!([tag(path)]));
        operation.insert("parameters".to_owned(), Value::from(self.parameters()));
        if let Some((schema, required)) = self.body {
            let mut content = json!({ "application/json": { "schema": reference(schema) } });
            if let (Some(content), true) = (content.as_object_mut(), self.csv) {
                let table =
                    json!({ "type": "string", "description": "RFC 4180; the first line names the columns." });
                content.insert("text/csv".to_owned(), json!({ "schema": table }));
            }
            let body = json!({ "required": required, "content": content });
            operation.insert("requestBody".to_owned(), body);
        }
        operation.insert("responses".to_owned(), self.responses(path));
        Value::Object(operation)
    }

    fn parameters(&self) -> Vec<Value> {
        let query = self.query.iter().map(|(name, description)| {
            let schema = match *name {
                "limit" => json!({ "type": "integer", "minimum": 1, "maximum": 100 }),
                _ => json!({ "type": "string" }),
            };
            json!({ "name": name, "in": "query", "description": description, "schema": schema })
        });
        let mut all = query.collect::<Vec<_>>();
        if self.changes {
            all.push(json!({
                "name": "If-Match",
                "in": "header",
                "required": true,
                "description": "The ETag that was read.",
                "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" },
            }));
        }
        if self.creates {
            all.push(json!({
                "name": "Idempotency-Key",
                "in": "header",
                "required": false,
                "description": "The same key with the same request is answered with the first one's answer, for a day.",
                "schema": { "type": "string", "minLength": 16, "maxLength": 128, "pattern": "^[!-~]+$" },
            }));
        }
        all
    }

    fn statuses(&self, path: &str) -> Vec<u16> {
        let mut all = vec![400, 401, 429, 503];
        all.extend_from_slice(&self.refusals);
        if path.contains('{') {
            all.push(404);
        }
        if self.body.is_some() {
            all.extend([413, 415, 422]);
        }
        if self.changes {
            all.extend([409, 412, 428]);
        }
        if self.creates {
            all.extend([409, 422]);
        }
        // A key of another kind.
        all.push(403);
        all.sort_unstable();
        all.dedup();
        all
    }

    fn responses(&self, path: &str) -> Value {
        let mut responses = Map::new();
        let (status, answer) = match self.answer {
            Answer::Record(status, schema) => (status, with_body(reference(schema))),
            Answer::Page(schema) => (200, with_body(page(schema))),
            Answer::Nothing => (204, json!({ "description": "Done." })),
        };
        responses.insert(status.to_string(), answer);
        for status in self.statuses(path) {
            let problem = json!({ "application/problem+json": { "schema": reference("problem") } });
            let refusal = json!({ "description": "Refused: `code` says why.", "content": problem });
            responses.insert(status.to_string(), refusal);
        }
        Value::Object(responses)
    }
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn with_body(schema: Value) -> Value {
    json!({ "description": "Done.", "content": { "application/json": { "schema": schema } } })
}

fn page(schema: &str) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": { "type": "array", "items": reference(schema) },
            "next_cursor": { "type": ["string", "null"] },
        },
        "additionalProperties": false,
    })
}

/// The resource: the last part of the path that is no id, or the one before an action.
fn tag(path: &str) -> &str {
    let below = path.split("{tenant}/").nth(1).unwrap_or_else(|| {
        let mut parts = path.splitn(4, '/');
        parts.nth(3).unwrap_or_default()
    });
    below.split('/').next().unwrap_or_default()
}
