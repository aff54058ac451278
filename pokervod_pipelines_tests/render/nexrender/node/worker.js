// The worker of npm, with the stub in the place of After Effects: node worker.js HOST SECRET AERENDER WORKPATH [talks]
// With "talks" it tells the server of progress and of the error's text, as workers do that are newer than npm's.
const [host, secret, binary, workpath, talks] = process.argv.slice(2)
const core = require('@nexrender/core')

require('@nexrender/core/src/helpers/autofind').defaultPaths.linux = []

if (talks) {
    const client = require('@nexrender/api').createClient({ host, secret })
    const render = core.render
    core.render = async (job, settings) => {
        const errors = []
        const tell = changed => client.updateJob(changed.uid, { state: changed.state, renderProgress: changed.renderProgress })
        const hooks = {
            onChange: tell,
            onRenderProgress: tell,
            onRenderError: (_, error) => errors.push(String(error)),
        }
        return render(Object.assign(job, hooks), settings).catch(error => {
            throw Object.assign(error, { toJSON: () => errors.concat(String(error)) })
        })
    }
}

require('@nexrender/worker').start(host, secret, {
    binary, workpath, polling: 100, noAnalytics: true, stopOnError: false,
})

// Its input ends when the test run does, however that ends.
process.stdin.on('end', () => process.exit()).resume()
