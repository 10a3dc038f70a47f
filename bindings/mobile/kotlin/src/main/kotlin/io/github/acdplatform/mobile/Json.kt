package io.github.acdplatform.mobile

/** Writes facts as JSON. What JSON has no way to write is refused. */
internal fun jsonOf(facts: Map<String, Any?>): String = StringBuilder(256).also { write(facts, it, 0) }.toString()

/** Deeper ones the library refuses; a list that holds itself must end somewhere. */
private const val DEEPEST = 64

private fun write(value: Any?, to: StringBuilder, depth: Int) {
    if (depth > DEEPEST) throw MobileException.Event("properties are nested deeper than $DEEPEST: flatten them")
    when (value) {
        null, is Boolean -> to.append(value)
        is String -> write(value, to)
        is Double -> to.append(if (value.isFinite()) value else null)
        is Float -> to.append(if (value.isFinite()) value else null)
        is Number -> to.append(value)
        is Enum<*> -> write(value.name, to)
        is CharSequence, is Char -> write(value.toString(), to)
        is Map<*, *> -> {
            var separator = '{'
            for ((name, fact) in value) {
                to.append(separator)
                write(name.toString(), to)
                to.append(':')
                write(fact, to, depth + 1)
                separator = ','
            }
            if (separator == '{') to.append('{')
            to.append('}')
        }
        is Iterable<*> -> {
            var separator = '['
            for (fact in value) {
                to.append(separator)
                write(fact, to, depth + 1)
                separator = ','
            }
            if (separator == '[') to.append('[')
            to.append(']')
        }
        else -> throw MobileException.Event("a ${value.javaClass.name} has no form in JSON: give text, numbers, booleans, maps or lists")
    }
}

private fun write(text: String, to: StringBuilder) {
    to.append('"')
    for (character in text) {
        when {
            character == '"' || character == '\\' -> to.append('\\').append(character)
            character < ' ' -> to.append("\\u00").append(HEX[character.code shr 4]).append(HEX[character.code and 15])
            else -> to.append(character)
        }
    }
    to.append('"')
}

private const val HEX = "0123456789abcdef"
