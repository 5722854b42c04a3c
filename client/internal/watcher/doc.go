// SPDX-License-Identifier: Apache-2.0

// Package watcher keeps the instances of services up to date for those who call
// them. It stands between resolvers, which are user code, and clients: a resolver
// that hangs, fails, panics or sends rubbish costs its clients nothing but news.
//
// A [Group] has one watch for each resolver and service, however many subscribe to
// it. A watch that ends early is begun again. What was known stays in use.
package watcher
