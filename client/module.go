// SPDX-License-Identifier: Apache-2.0

package client

import (
	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
)

// Module brings [HttpClientBeanPostProcessor] into an application context. A
// bean of type [HttpClientFactory], or [WithFactory], replaces the net/http
// adapter.
func Module(opts ...Option) container.Module {
	return container.Module{Name: "client", Configure: func(app *container.ApplicationContext) {
		app.Register(func(in processorParameters) *HttpClientBeanPostProcessor {
			p := NewHttpClientBeanPostProcessor(opts...)
			if p.factory == nil {
				p.factory = in.Factory
			}
			return p
		}, container.Stereotype("post-processor"))
	}}
}

type processorParameters struct {
	dig.In
	Factory HttpClientFactory `optional:"true"`
}
