// SPDX-License-Identifier: Apache-2.0

// Package actuator shows how an application is, on a port of its own: health for
// Kubernetes, metrics for Prometheus, beans, settings with their origin, clients
// with live statistics, circuit breakers that an operator can force, a stream of
// events, and a console for people.
//
//	app := container.NewApplicationContext()
//	app.Install(client.Module(), actuator.Module())
//
// It listens at http://127.0.0.1:9464/actuator unless pyfly.actuator says
// otherwise; see [Settings]. The answers have the form of Spring Boot's actuator,
// and of Resilience4j's endpoints, where these have one:
//
//	GET  /actuator                       what there is
//	GET  /actuator/health                status and components; /liveness, /readiness, /{component}
//	GET  /actuator/beans                 beans and the graph of who needs whom
//	GET  /actuator/clients               declarations, effective settings with origin, statistics
//	GET  /actuator/circuitbreakers       states; POST /{name} {"updateState": "FORCE_OPEN"} with the token
//	GET  /actuator/configprops           settings with origin, secrets hidden
//	GET  /actuator/info                  program, build, process
//	GET  /actuator/startup               how long what took
//	GET  /actuator/prometheus            metrics
//	GET  /actuator/history               what was sampled in the last five minutes
//	GET  /actuator/events                server-sent events
//	GET  /actuator/console               the page
//
// It is a module of its own, so that its dependencies reach only who wants them:
//
//	go get github.com/pyfly-go/pyfly/actuator
package actuator
