// SPDX-License-Identifier: Apache-2.0

// Package actuator serves the state of an application on a separate port:
// health for Kubernetes, metrics for Prometheus, beans, settings with their
// origin, clients with live statistics, circuit breakers that an operator can
// force, a stream of events, and a console.
//
//	app := container.NewApplicationContext()
//	app.Install(client.Module(), actuator.Module())
//
// The default address is http://127.0.0.1:9464/actuator; see [Settings].
// Responses have the same form as those of Spring Boot's actuator and
// Resilience4j's endpoints, where an equivalent exists:
//
//	GET  /actuator                       links to all endpoints
//	GET  /actuator/health                status and components; /liveness, /readiness, /{component}
//	GET  /actuator/beans                 beans and their dependency graph
//	GET  /actuator/clients               declarations, effective settings with origin, statistics
//	GET  /actuator/circuitbreakers       states; POST /{name} {"updateState": "FORCE_OPEN"} with the token
//	GET  /actuator/configprops           settings with origin, secrets hidden
//	GET  /actuator/info                  program, build, process
//	GET  /actuator/startup               start-up steps with durations
//	GET  /actuator/prometheus            metrics
//	GET  /actuator/history               samples of the last five minutes
//	GET  /actuator/events                server-sent events
//	GET  /actuator/console               the console
//
// The package is a separate module, so that its dependencies reach only the
// programs that use it:
//
//	go get github.com/pyfly-go/pyfly/actuator
package actuator
