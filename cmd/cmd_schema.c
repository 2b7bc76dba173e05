#include "cmd/cmd.h"
#include "specs/spec_schema.h"

static enum exit_code run(struct app *app)
{
    return app_print_json(app, spec_schema(app->arena));
}

static const struct opt_set *const s_sets[] = {&args_common, NULL};

const struct cmd cmd_schema = {
    .name = "schema",
    .operands = "",
    .summary = "print the JSON Schema of the spec, for editors",
    .text = "Prints the JSON Schema (2020-12) of the spec language. Editors with a YAML language\n"
            "server check and complete specs with it.",
    .sets = s_sets,
    .run = run,
};
