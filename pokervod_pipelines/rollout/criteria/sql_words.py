"""List the words of SQL by which ``select_only`` decides on a query."""

WRITING = frozenset({
    "insert", "update", "delete", "merge", "into", "truncate", "drop", "alter", "create", "grant", "revoke", "copy",
    "call", "lock", "share",
})  # fmt: skip
"""Words that no reading query needs outside quotes."""

FUNCTIONS = frozenset({
    "count", "sum", "avg", "min", "max", "every", "bool_and", "bool_or", "bit_and", "bit_or", "string_agg",
    "array_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "stddev", "stddev_pop",
    "stddev_samp", "variance", "var_pop", "var_samp", "corr", "mode", "percentile_cont", "percentile_disc",
    "grouping", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead",
    "first_value", "last_value", "nth_value", "coalesce", "nullif", "greatest", "least", "num_nulls",
    "num_nonnulls", "abs", "ceil", "ceiling", "floor", "round", "trunc", "mod", "div", "power", "sqrt", "exp", "ln",
    "log", "sign", "width_bucket", "length", "char_length", "character_length", "octet_length", "bit_length",
    "lower", "upper", "initcap", "trim", "btrim", "ltrim", "rtrim", "substring", "substr", "position", "strpos",
    "overlay", "left", "right", "replace", "translate", "reverse", "repeat", "lpad", "rpad", "split_part",
    "starts_with", "concat", "concat_ws", "format", "ascii", "chr", "md5", "sha256", "encode", "decode", "to_char",
    "to_number", "regexp_match", "regexp_matches", "regexp_replace", "regexp_count", "regexp_instr", "regexp_like",
    "regexp_substr", "regexp_split_to_array", "regexp_split_to_table", "now", "clock_timestamp",
    "statement_timestamp", "transaction_timestamp", "age", "extract", "date_part", "date_trunc", "date_bin", "date",
    "make_date", "make_time", "make_timestamp", "make_timestamptz", "make_interval", "to_date", "to_timestamp",
    "timezone", "isfinite", "justify_days", "justify_hours", "justify_interval", "array_length", "array_ndims",
    "array_position", "array_positions", "array_lower", "array_upper", "array_append", "array_prepend", "array_cat",
    "array_remove", "array_replace", "array_to_string", "string_to_array", "string_to_table", "cardinality",
    "unnest", "generate_series", "generate_subscripts", "isempty", "lower_inc", "upper_inc", "int4range",
    "int8range", "numrange", "daterange", "tsrange", "tstzrange", "range_agg", "to_json", "to_jsonb", "row_to_json",
    "array_to_json", "json_build_array", "json_build_object", "jsonb_build_array", "jsonb_build_object",
    "json_array_length", "jsonb_array_length", "json_array_elements", "jsonb_array_elements",
    "json_array_elements_text", "jsonb_array_elements_text", "json_each", "jsonb_each", "json_each_text",
    "jsonb_each_text", "json_object_keys", "jsonb_object_keys", "json_typeof", "jsonb_typeof", "json_extract_path",
    "jsonb_extract_path", "json_extract_path_text", "jsonb_extract_path_text", "jsonb_path_exists",
    "jsonb_path_match", "jsonb_path_query", "jsonb_path_query_array", "jsonb_path_query_first", "json_to_record",
    "jsonb_to_record", "json_to_recordset", "jsonb_to_recordset", "json_strip_nulls", "jsonb_strip_nulls",
    "to_tsvector", "to_tsquery", "plainto_tsquery", "websearch_to_tsquery", "to_regclass", "to_regtype",
    "pg_typeof", "pg_size_pretty", "pg_database_size", "pg_relation_size", "pg_table_size", "pg_indexes_size",
    "pg_total_relation_size", "pg_is_in_recovery",
})  # fmt: skip
"""Functions that a query may call: each computes from its arguments; none writes, waits or runs a text."""

GRAMMAR = frozenset({
    "select", "distinct", "all", "any", "some", "exists", "in", "not", "and", "or", "on", "using", "where",
    "having", "case", "when", "then", "else", "between", "symmetric", "like", "ilike", "is", "from", "join",
    "lateral", "over", "overlaps", "filter", "group", "by", "rollup", "cube", "sets", "values", "union",
    "intersect", "except", "limit", "offset", "row", "array", "cast", "as", "materialized", "only", "numeric",
    "decimal", "dec", "float", "char", "character", "varchar", "varying", "bit", "time", "timestamp", "timetz",
    "timestamptz", "interval",
})  # fmt: skip
"""Words before a bracket that are not calls: those of the grammar, and types with a length."""

NAMING = frozenset({"as", "with", "recursive"})
"""Words after which a name with a bracket defines a new name with its columns."""
