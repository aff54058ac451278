// A store whose calls all return promises, as the one for Redis does.
const disk = require('@nexrender/server/src/helpers/disk.js')

for (const [name, call] of Object.entries(disk)) {
    exports[name] = async (...values) => call(...values)
}
