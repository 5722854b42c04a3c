// SPDX-License-Identifier: Apache-2.0

// Package logging is the logger of an application: a handler for log/slog that
// is set by the application's configuration.
//
//	handler, err := logging.New(os.Stderr, cfg)
//	logger := slog.New(handler)
//
// An application context makes one by itself, unless it is given a logger or
// the program has set a default one.
//
// # Settings
//
//	pyfly.logging.level.root       info: the level of all packages that no other key names
//	pyfly.logging.level.<package>  the level of a package and of those below it
//	pyfly.logging.format           auto: text on a terminal, else JSON; text; json
//	pyfly.logging.source           false: whether records tell file and line
//
// A level is trace, debug, info, warn, error or off, or in slog's form info+2;
// case does not matter.
//
// A record belongs to the package whose function logs it. <package> is one or
// more whole segments of its import path: shop/orders names
// example.com/shop/orders and example.com/shop/orders/store. Where several keys
// name a package, that with the most segments counts, then that which ends
// furthest to the right. In the name of an environment variable an underscore
// stands for any punctuation: PYFLY_LOGGING_LEVEL_SHOP_ORDERS. Package main is
// called main.
//
// Levels can be changed while the application runs, with [Handler.Apply].
//
// # What a record holds
//
// The attributes trace_id and span_id are added, outside all groups, to records
// that are logged in the context of a span, as by slog.InfoContext.
//
// Secrets are hidden: attributes whose key looks secret, password or
// X-Api-Key, with all that is in them if they are groups; keys and fields of
// that kind inside maps, structs and headers; users, passwords and secret query
// parameters of URLs, in messages, texts and errors. Other text is not searched:
// a password in the midst of a message is shown.
package logging
