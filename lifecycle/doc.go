// SPDX-License-Identifier: Apache-2.0

// Package lifecycle holds what a bean may implement to take part in the life
// of its application context, and the bus on which the context and its beans
// publish events.
//
// A bean is built, passed to the BeforeInit of every post-processor, completed by
// its PostConstruct, passed to every AfterInit, and only then injected. When all
// beans are built, those that have a Start method are started, each after what it
// depends on. When the context stops, Stop and then PreDestroy are called in
// reverse:
//
//	constructor -> BeforeInit... -> PostConstruct -> AfterInit... -> injected
//	Start ... Stop -> PreDestroy
//
// The package knows nothing of the container, so a library can offer beans
// with a lifecycle without depending on it.
package lifecycle
