// SPDX-License-Identifier: Apache-2.0

// Package config reads an application's settings from pyfly.yaml, the files of
// its profiles, the environment and code, and hands them out typed, each with
// the place it came from.
//
//	cfg, err := config.Load()                        // pyfly.yaml, profiles, PYFLY_*
//	err = cfg.Bind("shop", &shop)                    // a struct with koanf tags
//	timeout, ok, err := config.Value[time.Duration](cfg, "shop.timeout")
//	cfg.Origin("shop.timeout")                       // pyfly.yaml:12
//
// # Where a setting comes from
//
// For each key the last of these that has it: the base file, the files of the
// active profiles in their order, the environment, the [Map] given in code. A
// list is replaced whole, a group of keys is merged key by key, and a YAML null
// counts as not written. {} and [] in a file clear what the files below it have.
//
// # Keys
//
// A key is a path of segments joined by dots: pyfly.client.default.timeout.
// Case, dashes and underscores within a segment do not matter: connect-timeout,
// connectTimeout and connect_timeout are one setting. A dot in a YAML key nests:
// "a.b: 1" is the same as b below a.
//
// An environment variable names a key in upper case with underscores for dots
// and dashes; the underscores for dashes may be left out. So
// PYFLY_CLIENT_DEFAULT_CONNECT_TIMEOUT and PYFLY_CLIENT_DEFAULT_CONNECTTIMEOUT
// both set pyfly.client.default.connect-timeout. If both are there, the one with
// more underscores counts. Elements of a list are separated by commas, or set one
// by one: SHOP_MARKETS_0. An entry of a map may be set by variables alone; the type
// that is read tells where its name ends.
//
// # Placeholders
//
// In any value ${name} stands for another key, else for the environment
// variable of exactly that name; ${name:default} has a default, which may hold
// placeholders and pairs of braces; $${ is a literal ${. A value that is one placeholder and nothing
// else keeps the type of what it refers to. A placeholder that names its own key
// (home: ${HOME}) means the environment variable. A group that is a placeholder
// (backup: ${db}) is followed when the group is read, by [Config.Bind] or as a
// map; it makes no keys such as backup.url.
//
// # Changes
//
// [Watch] tells when the files have changed, and [Config.Reload] reads them once
// more. What was read into a Config does not change.
//
// # Short forms
//
// A reader of settings may let a single value stand for a group of keys, see
// [Config.AddShortForms]: "retry: 3" for "retry: {enabled: true, max-attempts: 3}".
// Short forms are replaced before the later layer wins, so that they leave other
// keys of the group as they are.
//
// # Errors
//
// What is wrong is reported as [*Error], which is kernel.ErrConfig and holds file,
// line, key, value and what to write instead. The values of keys that look
// secret are never shown. [Config.Redacted] returns a value as it may be shown.
package config
